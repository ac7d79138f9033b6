using System.Formats.Tar;
using System.Globalization;
using Google.Protobuf;
using Slipway.BuildKitApi;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildClient.Files;

/// <summary>Sends a directory (fsutil's protocol): every object is told, and files go when the engine asks for them.</summary>
internal sealed class SendDirectory(GrpcCall call, string root, DirectoryWalk walk)
{
    private const int PieceSize = 128 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, string> _files = [];

    /// <summary>Sends everything that the engine wants.</summary>
    /// <exception cref="GrpcException">The engine is gone or cannot take it.</exception>
    internal async Task RunAsync()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(call.Gone);
        var telling = Task.Run(() => TellAsync(stop.Token), stop.Token);
        var answering = AnswerAsync();
        try
        {
            if (await Task.WhenAny(telling, answering).ConfigureAwait(false) == telling)
            {
                await telling.ConfigureAwait(false);
            }

            await answering.ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TellAsync(CancellationToken stop)
    {
        uint count = 0;
        foreach (var entry in walk.Entries())
        {
            stop.ThrowIfCancellationRequested();
            if (Describe(entry) is not { } stat)
            {
                continue;
            }

            if (entry.Info is FileInfo && stat.Linkname.Length == 0)
            {
                lock (_lock)
                {
                    _files.Add(count, entry.Path);
                }
            }

            count++;
            await call.WriteAsync(new Packet { Type = PacketType.PacketStat, Stat = stat }, more: true).ConfigureAwait(false);
        }

        await call.WriteAsync(new Packet { Type = PacketType.PacketStat }).ConfigureAwait(false);
    }

    // Owners are not part of a context. Null for what cannot be sent.
    private static Stat? Describe(WalkedEntry entry)
    {
        var permissions = (uint)entry.Info.UnixFileMode;
        var stat = new Stat { Path = entry.Path, ModTime = (entry.Info.LastWriteTimeUtc - DateTime.UnixEpoch).Ticks * TimeSpan.NanosecondsPerTick };
        if (entry.IsLink)
        {
            (stat.Mode, stat.Linkname) = (GoMode.FromLinux(0xA000 | permissions), entry.Info.LinkTarget ?? "");
        }
        else if (entry.IsDirectory)
        {
            stat.Mode = GoMode.FromLinux(0x4000 | permissions);
        }
        else
        {
            var length = ((FileInfo)entry.Info).Length;
            if (length == 0 && !IsFile(entry.Info.FullName))
            {
                return null;
            }

            (stat.Mode, stat.Size) = (GoMode.FromLinux(0x8000 | permissions), length);
        }

        return stat;
    }

    // The base library tells pipes, sockets and devices from files only where it writes archives; they look empty, so few files are asked.
    private static bool IsFile(string path)
    {
        try
        {
            using var head = new MemoryStream();
            using (var archive = new TarWriter(head, TarEntryFormat.Pax, leaveOpen: true))
            {
                archive.WriteEntry(path, "x");
            }

            head.Position = 0;
            using var reader = new TarReader(head);
            return reader.GetNextEntry()?.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task AnswerAsync()
    {
        while (await NextAsync().ConfigureAwait(false) is { } packet)
        {
            switch (packet.Type)
            {
                case PacketType.PacketReq:
                    await SendAsync(packet.Id).ConfigureAwait(false);
                    break;
                case PacketType.PacketFin:
                    await call.WriteAsync(new Packet { Type = PacketType.PacketFin }).ConfigureAwait(false);
                    return;
                case PacketType.PacketErr:
                    throw new GrpcException(GrpcStatus.Unknown, $"error from receiver: {packet.Data.ToStringUtf8()}");
                default:
                    throw new GrpcException(GrpcStatus.Unknown, string.Create(CultureInfo.InvariantCulture, $"unexpected packet {(int)packet.Type}"));
            }
        }
    }

    // Files go together as long as there are questions to answer.
    private Task<Packet?> NextAsync()
    {
        var next = call.Messages.ReadAsync(Packet.Parser, call.Gone);
        if (!next.IsCompleted)
        {
            call.Messages.Flush();
        }

        return next;
    }

    private async Task SendAsync(uint id)
    {
        string? path;
        lock (_lock)
        {
            _files.Remove(id, out path);
        }

        using var file = File.OpenHandle(Path.Combine(root, path ?? throw new GrpcException(GrpcStatus.Unknown, $"invalid file id {id}")), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var buffer = new byte[Math.Clamp(RandomAccess.GetLength(file) + 1, 1, PieceSize)];
        for (long at = 0; ;)
        {
            var read = RandomAccess.Read(file, buffer, at);
            at += read;
            if (read > 0)
            {
                await PieceAsync(id, buffer.AsMemory(0, read)).ConfigureAwait(false);
            }

            // There is room for more than the file had, so less than that is its end.
            if (read < buffer.Length)
            {
                await PieceAsync(id, default).ConfigureAwait(false);
                return;
            }
        }
    }

    private Task PieceAsync(uint id, ReadOnlyMemory<byte> piece) => call.WriteAsync(new Packet { Type = PacketType.PacketData, Id = id, Data = ByteString.CopyFrom(piece.Span) }, more: true);
}
