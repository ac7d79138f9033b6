using Slipway.Build.Context;
using Slipway.BuildKitApi;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.BuildKit.Sessions;
using Slipway.Engine;
using Slipway.Linux;

namespace Slipway.BuildKit.Sync;

/// <summary>Makes a mirror like a directory of the client (fsutil's protocol over <c>FileSync.DiffCopy</c>): only what has changed is sent.</summary>
internal sealed class ReceiveDirectory(GrpcStream stream, ContextUpdate update, Action<long> received, CancellationToken cancel)
{
    private const string Method = "/moby.filesync.v1.FileSync/DiffCopy";

    // Files that were asked for and are not complete, by their number among the objects told.
    private readonly Dictionary<uint, ContextEntry> _wanted = [];
    private uint _count;
    private bool _allTold;
    private long _bytes;

    /// <summary>Receives.</summary>
    /// <param name="session">The client.</param>
    /// <param name="request">What is wanted.</param>
    /// <param name="mirror">Where it goes.</param>
    /// <param name="received">Is told how many bytes came so far.</param>
    /// <param name="cancel">Stops it; what is complete by then stays.</param>
    /// <exception cref="EngineException">The client sends what cannot be taken, or cannot send.</exception>
    internal static async Task RunAsync(Session session, DirectoryRequest request, ContextMirror mirror, Action<long> received, CancellationToken cancel)
    {
        if (!session.Offers(Method))
        {
            throw EngineException.Invalid($"no local sources enabled: {request.Name}");
        }

        using var stream = await session.Channel.OpenAsync(Method, request.Metadata(), cancel).ConfigureAwait(false);
        using var update = mirror.Update();
        try
        {
            await new ReceiveDirectory(stream, update, received, cancel).RunAsync().ConfigureAwait(false);
        }
        catch (GrpcException e)
        {
            throw EngineException.Invalid(e.Message, e);
        }
    }

    internal async Task RunAsync()
    {
        while (await NextAsync().ConfigureAwait(false) is { } packet)
        {
            switch (packet.Type)
            {
                case PacketType.PacketStat:
                    await ToldAsync(packet.Stat).ConfigureAwait(false);
                    break;
                case PacketType.PacketData:
                    Content(packet);
                    break;
                case PacketType.PacketErr:
                    throw EngineException.Invalid($"error from sender: {packet.Data.ToStringUtf8()}");
                case PacketType.PacketFin:
                    stream.EndWriting();
                    break;
                default:
                    throw EngineException.Invalid($"unexpected packet {packet.Type} of the client");
            }

            if (packet.Type != PacketType.PacketFin)
            {
                await FinishAsync().ConfigureAwait(false);
            }
        }

        if (!_allTold || _wanted.Count > 0)
        {
            throw EngineException.Invalid("the client ended before everything was sent");
        }
    }

    // Questions go together as long as there is something to read.
    private Task<Packet?> NextAsync()
    {
        var next = stream.ReadAsync(Packet.Parser, cancel);
        if (!next.IsCompleted)
        {
            stream.Flush();
        }

        return next;
    }

    private async Task ToldAsync(Stat? stat)
    {
        if (stat is null)
        {
            _allTold = true;
            return;
        }

        var number = _count++;
        var entry = Entry(stat);
        if (update.Add(entry))
        {
            _wanted.Add(number, entry);
            await stream.WriteAsync(new Packet { Type = PacketType.PacketReq, Id = number }, cancel, more: true).ConfigureAwait(false);
        }
    }

    // A piece without bytes ends a file.
    private void Content(Packet packet)
    {
        if (!_wanted.TryGetValue(packet.Id, out var entry))
        {
            throw EngineException.Invalid($"the client sends file {packet.Id}, which was not asked for");
        }

        if (packet.Data.IsEmpty)
        {
            update.End(entry);
            _wanted.Remove(packet.Id);
            return;
        }

        update.Write(entry, packet.Data.Span);
        _bytes += packet.Data.Length;
        received(_bytes);
    }

    private async Task FinishAsync()
    {
        if (_allTold && _wanted.Count == 0)
        {
            update.Finish();
            await stream.WriteAsync(new Packet { Type = PacketType.PacketFin }, cancel).ConfigureAwait(false);
        }
    }

    private static ContextEntry Entry(Stat stat) => new()
    {
        Path = stat.Path,
        Mode = GoMode.ToLinux(stat.Mode),
        Size = stat.Size,
        ModifiedNs = stat.ModTime,
        Link = stat.Linkname,
        Device = new DeviceNumber((uint)stat.Devmajor, (uint)stat.Devminor),
        Attributes = stat.Xattrs.Count == 0 ? [] : [.. stat.Xattrs.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, pair.Value.ToByteArray()))],
    };
}
