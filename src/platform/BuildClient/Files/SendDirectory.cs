using System.Globalization;
using Google.Protobuf;
using Slipway.BuildKitApi;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.LocalFiles;

namespace Slipway.BuildClient.Files;

/// <summary>Sends a directory (fsutil's protocol): every object is told, and files go when the engine asks for them.</summary>
internal sealed class SendDirectory(GrpcCall call, string root, DirectoryWalk walk)
{
    private const int PieceSize = 128 * 1024;
    private const uint TypeMask = 0xF000;
    private const uint Regular = 0x8000;

    private readonly Lock _lock = new();
    private readonly Dictionary<uint, string> _files = [];
    private readonly FirstNames _firsts = new();

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
            if (Describe(entry.Path) is not { } stat)
            {
                continue;
            }

            if (stat.Linkname.Length == 0 && (GoMode.ToLinux(stat.Mode) & TypeMask) == Regular)
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

    // Owners are not part of a context. Null for what cannot be sent, or is gone.
    private Stat? Describe(string path)
    {
        var place = Path.Combine(root, path);
        if (FileFacts.Of(place) is not { IsSocket: false } facts)
        {
            return null;
        }

        var stat = new Stat { Path = path, Mode = GoMode.FromLinux(facts.Mode), ModTime = facts.ModifiedNs };
        if (facts.IsLink)
        {
            stat.Linkname = new FileInfo(place).LinkTarget ?? "";
            return stat;
        }

        (stat.Devmajor, stat.Devminor) = (facts.Device.Major, facts.Device.Minor);
        if (_firsts.Earlier(facts, path) is { } first)
        {
            stat.Linkname = first;
        }
        else if (facts.IsRegular)
        {
            stat.Size = facts.Size;
        }

        foreach (var (name, value) in LocalFile.Attributes(place).Where(attribute => Travels(attribute.Key)))
        {
            stat.Xattrs[name] = ByteString.CopyFrom(value);
        }

        return stat;
    }

    // Labels of security modules and what the file system keeps for itself belong to this machine.
    private static bool Travels(string attribute) => attribute == "security.capability" || attribute.StartsWith("user.", StringComparison.Ordinal) || attribute.StartsWith("trusted.", StringComparison.Ordinal);

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
