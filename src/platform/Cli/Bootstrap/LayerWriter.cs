using System.Formats.Tar;
using System.Security.Cryptography;

namespace Slipway.Cli.Bootstrap;

/// <summary>
/// Writes a layer whose bytes depend on nothing but its entries: fixed owners, times and format. Entries are to come in
/// the order of their names.
/// </summary>
internal sealed class LayerWriter : IAsyncDisposable
{
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly TarWriter _tar;
    private readonly DateTimeOffset _time;

    /// <param name="time">Time of every entry, or the latest one for entries that have their own.</param>
    public LayerWriter(DateTimeOffset time)
    {
        _time = time;
        string path = Path.Combine(Path.GetTempPath(), "slipway-layer-" + Guid.NewGuid().ToString("N"));
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 128 * 1024, FileOptions.DeleteOnClose);
        _tar = new TarWriter(new HashingStream(_file, _hash), TarEntryFormat.Pax, leaveOpen: true);
    }

    public Task DirectoryAsync(string name, UnixFileMode mode) => WriteAsync(new PaxTarEntry(TarEntryType.Directory, name + "/") { Mode = mode });

    public Task LinkAsync(string name, string target) =>
        WriteAsync(new PaxTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target, Mode = (UnixFileMode)0x1FF });

    public Task HardLinkAsync(string name, string target, UnixFileMode mode) =>
        WriteAsync(new PaxTarEntry(TarEntryType.HardLink, name) { LinkName = target, Mode = mode });

    public Task FileAsync(string name, UnixFileMode mode, Stream content) =>
        WriteAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { Mode = mode, DataStream = content });

    /// <summary>Copies an entry of another archive under a name of ours, with its mode, owner, content and attributes.</summary>
    public async Task CopyAsync(TarEntry entry, string name, string linkName, Stream? content)
    {
        IEnumerable<KeyValuePair<string, string>> attributes = entry is PaxTarEntry pax
            ? pax.ExtendedAttributes.Where(a => a.Key.StartsWith("SCHILY.xattr.", StringComparison.Ordinal)).OrderBy(a => a.Key, StringComparer.Ordinal)
            : [];
        PaxTarEntry copy = new(entry.EntryType is TarEntryType.V7RegularFile ? TarEntryType.RegularFile : entry.EntryType, name, attributes)
        {
            Mode = entry.Mode, Uid = entry.Uid, Gid = entry.Gid, ModificationTime = entry.ModificationTime < _time ? entry.ModificationTime : _time,
        };
        if (entry.EntryType is TarEntryType.SymbolicLink or TarEntryType.HardLink)
        {
            copy.LinkName = linkName;
        }

        copy.DataStream = content;
        await _tar.WriteEntryAsync(copy);
    }

    /// <summary>Ends the layer.</summary>
    /// <returns>The file, which disappears when closed, and its digest.</returns>
    public async Task<(FileStream File, string Digest)> FinishAsync()
    {
        await _tar.DisposeAsync();
        await _file.FlushAsync();
        return (_file, "sha256:" + Convert.ToHexStringLower(_hash.GetHashAndReset()));
    }

    private Task WriteAsync(PaxTarEntry entry)
    {
        entry.ModificationTime = _time;
        return _tar.WriteEntryAsync(entry);
    }

    public async ValueTask DisposeAsync()
    {
        await _tar.DisposeAsync();
        _hash.Dispose();
    }
}
