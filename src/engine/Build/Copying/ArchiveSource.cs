using Slipway.Build.Context;
using Slipway.Engine;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Files;
using Slipway.Engine.Layers;

namespace Slipway.Build.Copying;

/// <summary>Unpacks archives for ADD. What counts is a file's content, not its name.</summary>
internal static class ArchiveSource
{
    private const int MagicOffset = 257;

    /// <summary>Unpacks the file into a directory of the layer if it is a tar archive, packed or not.</summary>
    /// <returns>False when it is none.</returns>
    /// <exception cref="EngineException">InvalidArgument for an archive that is broken or leads out of the destination.</exception>
    internal static bool TryUnpack(SourceTree source, FoundSource file, LayerTarget target, string destination, CopyOrder order, CancellationToken cancel)
    {
        if (!IsArchive(source, file.Path))
        {
            return false;
        }

        target.EnsureDirectory(destination, order.Owner);
        try
        {
            using var plain = Open(source, file.Path);
            using var tar = new TarInput(plain);
            var owner = order.Owner is { } user ? new ResolvedUser(user.Uid, user.Gid, [], "/") : null;
            // Directories of the base keep their attributes only when the archive does not describe them, as when tar(1) unpacks.
            using var extraction = new Extraction(target.Upper, destination.Length == 0 ? "/" : "/" + destination, owner, noOverwriteDirNonDir: false, cancel);
            extraction.Run(tar);
            return true;
        }
        catch (Exception e) when (e is TarException or InvalidDataException or ArgumentException)
        {
            throw EngineException.Invalid($"ADD failed: {file.Name} cannot be unpacked: {e.Message}", e);
        }
    }

    private static bool IsArchive(SourceTree source, string path)
    {
        try
        {
            using var plain = Open(source, path);
            var head = new byte[512];
            return plain.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length
                && (head.AsSpan(MagicOffset, 5).SequenceEqual("ustar"u8) || HasOldChecksum(head));
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            return false;
        }
    }

    // Archives from before ustar have no magic, but a checksum that is right by accident once in many thousands.
    private static bool HasOldChecksum(ReadOnlySpan<byte> head)
    {
        var sum = 0;
        for (var i = 0; i < head.Length; i++)
        {
            sum += i is >= 148 and < 156 ? ' ' : head[i];
        }

        var text = System.Text.Encoding.ASCII.GetString(head.Slice(148, 8)).Trim('\0', ' ');
        return head[0] != 0 && text.Length > 0 && text.All(c => c is >= '0' and <= '7') && Convert.ToInt64(text, 8) == sum;
    }

    private static Stream Open(SourceTree source, string path)
    {
        var file = source.Root.OpenRead(path);
        var head = new byte[Decompression.Needed];
        head = head[..RandomAccess.Read(file, head, 0)];
        return Decompression.Open(new FileStream(file, FileAccess.Read, bufferSize: 0), Decompression.Detect(head));
    }
}
