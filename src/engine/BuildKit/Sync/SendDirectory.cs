using Google.Protobuf;
using Slipway.BuildKitApi;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Linux;

namespace Slipway.BuildKit.Sync;

/// <summary>Sends directories to the client (fsutil's protocol the other way round): every object is told, files go when the client asks.</summary>
/// <param name="stream">The call.</param>
/// <param name="roots">The directories, each with the name that it gets at the client's; empty for the only one.</param>
/// <param name="sent">Is told how many bytes went so far.</param>
/// <param name="cancel">Stops it.</param>
internal sealed class SendDirectory(GrpcStream stream, IReadOnlyList<(string Name, SafePath Root)> roots, Action<long> sent, CancellationToken cancel)
{
    private const int Deepest = 1000;
    private const int PieceSize = 64 * 1024;
    private const uint NewDirectory = 0x4000 | 0x1ED;

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, (SafePath Root, string Path)> _files = [];
    private readonly Dictionary<(DeviceNumber, ulong), string> _linked = [];
    private uint _count;
    private long _bytes;

    /// <summary>Sends everything and waits until the client has it.</summary>
    /// <exception cref="GrpcException">The client cannot take it.</exception>
    internal async Task RunAsync()
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var telling = Task.Run(() => TellAsync(stop.Token), stop.Token);
        try
        {
            await AnswerAsync().ConfigureAwait(false);
            await telling.ConfigureAwait(false);
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await telling.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _writing.Dispose();
        }
    }

    private async Task TellAsync(CancellationToken stop)
    {
        foreach (var (name, root) in roots.OrderBy(root => root.Name, StringComparer.Ordinal))
        {
            if (name.Length > 0)
            {
                _count++;
                await WriteAsync(new Packet { Type = PacketType.PacketStat, Stat = new Stat { Path = name, Mode = GoMode.FromLinux(NewDirectory), ModTime = FileStat.Of(root.Fd).MTimeNs } }, stop).ConfigureAwait(false);
            }

            await TellBelowAsync(root, name, "", 0, stop).ConfigureAwait(false);
        }

        await WriteAsync(new Packet { Type = PacketType.PacketStat }, stop).ConfigureAwait(false);
    }

    private async Task TellBelowAsync(SafePath root, string prefix, string directory, int depth, CancellationToken stop)
    {
        if (depth > Deepest)
        {
            throw new LinuxException("open", directory, Errno.NameTooLong);
        }

        foreach (var name in root.ReadDirectory(directory.Length == 0 ? "." : directory).Select(entry => entry.Name).Order(StringComparer.Ordinal).ToList())
        {
            var path = directory.Length == 0 ? name : $"{directory}/{name}";
            if (root.Stat(path) is not { IsSocket: false } stat)
            {
                continue;
            }

            await WriteAsync(new Packet { Type = PacketType.PacketStat, Stat = Describe(root, prefix, path, stat) }, stop).ConfigureAwait(false);
            if (stat.IsDirectory)
            {
                await TellBelowAsync(root, prefix, path, depth + 1, stop).ConfigureAwait(false);
            }
        }
    }

    private Stat Describe(SafePath root, string prefix, string path, FileStat stat)
    {
        var told = prefix.Length == 0 ? path : $"{prefix}/{path}";
        var message = new Stat { Path = told, Mode = GoMode.FromLinux(stat.Mode), Uid = stat.Uid, Gid = stat.Gid, ModTime = stat.MTimeNs };
        var number = _count++;
        if (stat.IsSymlink)
        {
            message.Linkname = root.ReadLink(path);
        }
        else if (stat.IsRegular && stat.NLink > 1 && !_linked.TryAdd((stat.Dev, stat.Ino), told))
        {
            message.Linkname = _linked[(stat.Dev, stat.Ino)];
        }
        else if (stat.IsRegular)
        {
            message.Size = stat.Size;
            lock (_lock)
            {
                _files[number] = (root, path);
            }
        }
        else
        {
            (message.Devmajor, message.Devminor) = (stat.Rdev.Major, stat.Rdev.Minor);
        }

        foreach (var name in stat.IsSymlink ? [] : root.ListXattr(path).Where(name => name == "security.capability" || name.StartsWith("user.", StringComparison.Ordinal)))
        {
            message.Xattrs[name] = ByteString.CopyFrom(root.GetXattr(path, name) ?? []);
        }

        return message;
    }

    private async Task AnswerAsync()
    {
        while (await stream.ReadAsync(Packet.Parser, cancel).ConfigureAwait(false) is { } packet)
        {
            switch (packet.Type)
            {
                case PacketType.PacketReq:
                    await SendAsync(packet.Id).ConfigureAwait(false);
                    break;
                case PacketType.PacketFin:
                    await WriteAsync(new Packet { Type = PacketType.PacketFin }, cancel).ConfigureAwait(false);
                    stream.EndWriting();
                    break;
                case PacketType.PacketErr:
                    throw new GrpcException(GrpcStatus.Unknown, $"error from receiver: {packet.Data.ToStringUtf8()}");
                default:
                    throw new GrpcException(GrpcStatus.Unknown, $"unexpected packet {packet.Type} of the client");
            }
        }
    }

    private async Task SendAsync(uint id)
    {
        (SafePath Root, string Path) wanted;
        lock (_lock)
        {
            wanted = _files.TryGetValue(id, out var found) ? found : throw new GrpcException(GrpcStatus.Unknown, $"the client asks for file {id}, which is none");
        }

        using var file = wanted.Root.OpenRead(wanted.Path, followLast: false);
        var buffer = new byte[PieceSize];
        for (long at = 0; ;)
        {
            var read = RandomAccess.Read(file, buffer, at);
            await WriteAsync(new Packet { Type = PacketType.PacketData, Id = id, Data = ByteString.CopyFrom(buffer.AsSpan(0, read)) }, cancel).ConfigureAwait(false);
            if (read == 0)
            {
                return;
            }

            at += read;
            sent(_bytes += read);
        }
    }

    private async Task WriteAsync(Packet packet, CancellationToken stop)
    {
        await _writing.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            await stream.WriteAsync(packet, stop).ConfigureAwait(false);
        }
        finally
        {
            _writing.Release();
        }
    }
}
