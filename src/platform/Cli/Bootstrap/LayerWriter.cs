using System.Formats.Tar;
using System.Security.Cryptography;

namespace Slipway.Cli.Bootstrap;

/// <summary>
/// Writes a layer whose bytes depend on nothing but its entries: fixed owners, times and format. Entries are to come in
/// the order of their names. The format is GNU's: the base library puts the process's id into PAX headers.
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
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 128 * 1024);

        // Without a name, so that it goes with the process however that ends.
        File.Delete(path);
        _tar = new TarWriter(new HashingStream(_file, _hash), TarEntryFormat.Gnu, leaveOpen: true);
    }

    public Task DirectoryAsync(string name, UnixFileMode mode) => WriteAsync(new GnuTarEntry(TarEntryType.Directory, name + "/") { Mode = mode });

    public Task LinkAsync(string name, string target) =>
        WriteAsync(new GnuTarEntry(TarEntryType.SymbolicLink, name) { LinkName = target, Mode = (UnixFileMode)0x1FF });

    public Task FileAsync(string name, UnixFileMode mode, Stream content) =>
        WriteAsync(new GnuTarEntry(TarEntryType.RegularFile, name) { Mode = mode, DataStream = content });

    /// <summary>Copies an entry of another archive under a name of ours, with its mode, owner and content.</summary>
    public async Task CopyAsync(TarEntry entry, string name, string linkName, Stream? content)
    {
        GnuTarEntry copy = new(entry.EntryType is TarEntryType.V7RegularFile ? TarEntryType.RegularFile : entry.EntryType, name)
        {
            Mode = entry.Mode, Uid = entry.Uid, Gid = entry.Gid, ModificationTime = entry.ModificationTime < _time ? entry.ModificationTime : _time,
            AccessTime = _time, ChangeTime = _time,
        };
        if (entry.EntryType is TarEntryType.SymbolicLink or TarEntryType.HardLink)
        {
            copy.LinkName = linkName;
        }

        if (content is not null)
        {
            // The writer wants to know the length first; the largest file of a base system is some tens of megabytes.
            MemoryStream whole = new(capacity: (int)entry.Length);
            await content.CopyToAsync(whole);
            whole.Position = 0;
            copy.DataStream = whole;
        }

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

    private Task WriteAsync(GnuTarEntry entry)
    {
        (entry.ModificationTime, entry.AccessTime, entry.ChangeTime) = (_time, _time, _time);
        return _tar.WriteEntryAsync(entry);
    }

    public async ValueTask DisposeAsync()
    {
        await _tar.DisposeAsync();
        _hash.Dispose();
    }
}
