using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Slipway.Build.Context;
using Slipway.Engine.Layers;
using Slipway.Linux;

namespace Slipway.Build.Copying;

/// <summary>
/// A digest of everything that a copy takes over: names, types, modes, owners, link targets, extended attributes and content. Times are
/// left out, so that a fresh checkout of the same files is the same.
/// </summary>
internal sealed class SourceDigest(SourceTree tree, CopyOrder order, CancellationToken cancel)
{
    private const int Deepest = 1000;

    private readonly List<Item> _items = [];

    /// <summary>Hashes the sources; content is read by all processors.</summary>
    internal byte[] Compute(IReadOnlyList<FoundSource> sources)
    {
        foreach (var source in sources)
        {
            Collect(source.Path, source.Below.Length == 0 ? source.Name : $"{source.Below}/{source.Name}", source.Stat, source.Origin, top: true, 0);
        }

        Parallel.ForEach(
            _items.Where(item => item.Stat.IsRegular),
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancel },
            item => item.Content = tree.Digests.GetOrAdd(item.Path, Hash));
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var item in _items)
        {
            Append(all, item);
        }

        return all.GetHashAndReset();
    }

    private void Collect(string path, string name, FileStat stat, string origin, bool top, int depth)
    {
        cancel.ThrowIfCancellationRequested();
        if (depth > Deepest)
        {
            throw new LinuxException("open", path, Errno.NameTooLong);
        }

        if (!top && !stat.IsDirectory && order.LeavesOut(path, origin))
        {
            return;
        }

        _items.Add(new Item(path, name, stat));
        if (!stat.IsDirectory)
        {
            return;
        }

        using var directory = tree.Root.OpenDirectory(path.Length == 0 ? "." : path);
        foreach (var child in tree.Root.ReadDirectory(path.Length == 0 ? "." : path).Select(entry => entry.Name).Order(StringComparer.Ordinal))
        {
            var below = path.Length == 0 ? child : $"{path}/{child}";
            if (directory.Stat(child) is { IsSocket: false } found && !LowerView.IsWhiteout(found))
            {
                Collect(below, $"{name}/{child}", found, origin, top: false, depth + 1);
            }
        }
    }

    private byte[] Hash(string path)
    {
        using var file = tree.Root.OpenRead(path, followLast: false);
        using var stream = new FileStream(file, FileAccess.Read, bufferSize: 0);
        return SHA256.HashData(stream);
    }

    private void Append(IncrementalHash hash, Item item)
    {
        Span<byte> numbers = stackalloc byte[24];
        BinaryPrimitives.WriteUInt32LittleEndian(numbers, item.Stat.Mode);
        BinaryPrimitives.WriteUInt32LittleEndian(numbers[4..], order.Owner is null ? item.Stat.Uid : 0);
        BinaryPrimitives.WriteUInt32LittleEndian(numbers[8..], order.Owner is null ? item.Stat.Gid : 0);
        BinaryPrimitives.WriteUInt64LittleEndian(numbers[16..], item.Stat.IsCharacterDevice || item.Stat.IsBlockDevice ? item.Stat.Rdev.Packed : 0);
        hash.AppendData(numbers);
        Field(hash, PathText.Encode(item.Name));
        Field(hash, item.Stat.IsSymlink ? PathText.Encode(tree.Root.ReadLink(item.Path)) : item.Content ?? []);
        foreach (var (name, value) in tree.Attributes(item.Path))
        {
            Field(hash, Encoding.UTF8.GetBytes(name));
            Field(hash, value);
        }
    }

    private static void Field(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }

    private sealed record Item(string Path, string Name, FileStat Stat)
    {
        internal byte[]? Content { get; set; }
    }
}
