using Google.Protobuf;
using Slipway.BuildKitApi;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Linux;

namespace Slipway.BuildKit.Sync;

/// <summary>Sends a directory to the client (fsutil's protocol the other way round): every object is told, files go when the client asks.</summary>
internal sealed class SendDirectory(GrpcStream stream, SafePath root, Action<long> sent, CancellationToken cancel)
{
    private const int Deepest = 1000;
    private const int PieceSize = 64 * 1024;

    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, string> _files = [];
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
        await TellBelowAsync("", 0, stop).ConfigureAwait(false);
        await WriteAsync(new Packet { Type = PacketType.PacketStat }, stop).ConfigureAwait(false);
    }

    private async Task TellBelowAsync(string directory, int depth, CancellationToken stop)
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

            await WriteAsync(new Packet { Type = PacketType.PacketStat, Stat = Describe(path, stat) }, stop).ConfigureAwait(false);
            if (stat.IsDirectory)
            {
                await TellBelowAsync(path, depth + 1, stop).ConfigureAwait(false);
            }
        }
    }

    private Stat Describe(string path, FileStat stat)
    {
        var message = new Stat { Path = path, Mode = GoMode.FromLinux(stat.Mode), Uid = stat.Uid, Gid = stat.Gid, ModTime = stat.MTimeNs };
        var number = _count++;
        if (stat.IsSymlink)
        {
            message.Linkname = root.ReadLink(path);
        }
        else if (stat.IsRegular && stat.NLink > 1 && !_linked.TryAdd((stat.Dev, stat.Ino), path))
        {
            message.Linkname = _linked[(stat.Dev, stat.Ino)];
        }
        else if (stat.IsRegular)
        {
            message.Size = stat.Size;
            lock (_lock)
            {
                _files[number] = path;
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
        string? path;
        lock (_lock)
        {
            _files.TryGetValue(id, out path);
        }

        using var file = root.OpenRead(path ?? throw new GrpcException(GrpcStatus.Unknown, $"the client asks for file {id}, which is none"), followLast: false);
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
