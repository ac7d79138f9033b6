using Slipway.BuildKitApi;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.LocalFiles;

namespace Slipway.BuildClient.Files;

/// <summary>Writes a result's files into a directory (fsutil's protocol). What is there and not part of the result stays.</summary>
internal sealed class ReceiveDirectory(GrpcCall call, string root)
{
    private readonly Dictionary<uint, (FileStream File, Stat Stat)> _open = [];
    private readonly Dictionary<uint, Stat> _files = [];
    private readonly List<(string Path, Stat Stat)> _directories = [];
    private readonly List<(string Path, string Target)> _linked = [];
    private readonly HashSet<string> _known = new(StringComparer.Ordinal) { "" };
    private uint _count;
    private bool _allTold;

    /// <summary>Receives everything.</summary>
    /// <exception cref="InvalidDataException">A path leads out of the directory.</exception>
    internal async Task RunAsync()
    {
        Directory.CreateDirectory(root);
        try
        {
            while (await call.Messages.ReadAsync(Packet.Parser, call.Gone).ConfigureAwait(false) is { } packet && packet.Type != PacketType.PacketFin)
            {
                await TakeAsync(packet).ConfigureAwait(false);
            }
        }
        finally
        {
            foreach (var (file, _) in _open.Values)
            {
                await file.DisposeAsync().ConfigureAwait(false);
            }
        }

        foreach (var (path, target) in _linked)
        {
            LocalFile.Link(target, path);
        }

        // Last, as a directory may be closed to its owner, and what is put into it changes its time.
        foreach (var (path, stat) in Enumerable.Reverse(_directories))
        {
            Finish(path, stat);
        }
    }

    private async Task TakeAsync(Packet packet)
    {
        switch (packet.Type)
        {
            case PacketType.PacketStat when packet.Stat is null:
                _allTold = true;
                break;
            case PacketType.PacketStat:
                await ToldAsync(packet.Stat).ConfigureAwait(false);
                break;
            case PacketType.PacketData:
                await WriteAsync(packet).ConfigureAwait(false);
                break;
            default:
                throw new InvalidDataException($"error from sender: {packet.Data.ToStringUtf8()}");
        }

        if (_allTold && _files.Count + _open.Count == 0)
        {
            await call.WriteAsync(new Packet { Type = PacketType.PacketFin }).ConfigureAwait(false);
        }
    }

    private async Task ToldAsync(Stat stat)
    {
        const uint typeMask = 0xF000, directory = 0x4000, link = 0xA000, regular = 0x8000;
        var number = _count++;
        var path = Place(stat.Path);
        switch (GoMode.ToLinux(stat.Mode) & typeMask)
        {
            case directory:
                if (File.Exists(path) || IsLink(path))
                {
                    File.Delete(path);
                }

                Directory.CreateDirectory(path);
                _known.Add(stat.Path);
                _directories.Add((path, stat));
                break;
            case link:
                Clear(path);
                File.CreateSymbolicLink(path, stat.Linkname);
                break;
            case regular when stat.Linkname.Length > 0:
                Clear(path);
                _linked.Add((path, Place(stat.Linkname)));
                break;
            case regular:
                Clear(path);
                _files.Add(number, stat);
                await call.WriteAsync(new Packet { Type = PacketType.PacketReq, Id = number }).ConfigureAwait(false);
                break;
        }
    }

    private async Task WriteAsync(Packet packet)
    {
        if (!_open.TryGetValue(packet.Id, out var target))
        {
            var stat = _files.Remove(packet.Id, out var known) ? known : throw new InvalidDataException($"file {packet.Id} was not asked for");
            _open[packet.Id] = target = (new FileStream(Place(stat.Path), FileMode.CreateNew, FileAccess.Write), stat);
        }

        if (!packet.Data.IsEmpty)
        {
            await target.File.WriteAsync(packet.Data.Memory, call.Gone).ConfigureAwait(false);
            return;
        }

        await target.File.DisposeAsync().ConfigureAwait(false);
        _open.Remove(packet.Id);
        Finish(target.File.Name, target.Stat);
    }

    // Only below directories of the result itself: no link is followed.
    private string Place(string path)
    {
        var parts = path.Split('/');
        var slash = path.LastIndexOf('/');
        return parts.All(part => part is not ("" or "." or "..")) && !path.Contains('\0', StringComparison.Ordinal) && _known.Contains(slash < 0 ? "" : path[..slash])
            ? Path.Combine(root, path)
            : throw new InvalidDataException($"the result has a file that cannot be placed: {path}");
    }

    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    private void Clear(string path)
    {
        _known.Remove(Path.GetRelativePath(root, path));
        if (Directory.Exists(path) && !IsLink(path))
        {
            Directory.Delete(path, recursive: true);
        }
        else
        {
            File.Delete(path);
        }
    }

    private static void Finish(string path, Stat stat)
    {
        foreach (var (name, value) in stat.Xattrs.Where(attribute => attribute.Key.StartsWith("user.", StringComparison.Ordinal)))
        {
            LocalFile.TrySetAttribute(path, name, value.Span);
        }

        File.SetUnixFileMode(path, (UnixFileMode)(GoMode.ToLinux(stat.Mode) & 0xFFF));
        File.SetLastWriteTimeUtc(path, DateTime.UnixEpoch.AddTicks(stat.ModTime / TimeSpan.NanosecondsPerTick));
    }
}
