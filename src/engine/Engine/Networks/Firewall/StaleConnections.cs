using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Firewall;

/// <summary>
/// Makes the kernel forget UDP conversations whose way has changed: a client that goes on sending would keep the old one for ever. It takes
/// tens of milliseconds and so happens in the background.
/// </summary>
internal sealed class StaleConnections : IDisposable
{
    private readonly Channel<ConntrackFilter> _waiting = Channel.CreateUnbounded<ConntrackFilter>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ILogger _log;
    private readonly SafeFileHandle? _netns;
    private readonly Lock _turn = new();
    private Task? _work;

    internal StaleConnections(ILogger log, SafeFileHandle? netns)
    {
        _log = log;
        _netns = netns;
    }

    /// <summary>Stops after what is being done.</summary>
    public void Dispose() => _waiting.Writer.TryComplete();

    /// <summary>Forgets who sent to these host ports before they were published.</summary>
    internal void ForgetBefore(IEnumerable<PortRule> rules) => Add(rules
        .Where(r => r is { Protocol: "udp", Service: PortService.Translated })
        .Select(r => new ConntrackFilter(r.HostAddress.AddressFamily)
        {
            Protocol = ProtocolType.Udp,
            OriginalPort = r.HostPort,
            OriginalDestination = r.HostAddress.Equals(IPAddress.Any) || r.HostAddress.Equals(IPAddress.IPv6Any) ? null : r.HostAddress,
        }));

    /// <summary>Forgets who talks to these containers.</summary>
    internal void ForgetAfter(IEnumerable<PortRule> rules) => Add(rules
        .Where(r => r is { Protocol: "udp", Service: not PortService.Relayed })
        .Select(r => r.ContainerAddress)
        .Distinct()
        .Select(address => new ConntrackFilter(address.AddressFamily) { Protocol = ProtocolType.Udp, ReplySource = address }));

    private void Add(IEnumerable<ConntrackFilter> filters)
    {
        foreach (var filter in filters)
        {
            if (_waiting.Writer.TryWrite(filter))
            {
                lock (_turn)
                {
                    _work ??= Task.Run(WorkAsync);
                }
            }
        }
    }

    private async Task WorkAsync()
    {
        using var connections = _netns is null ? Conntrack.Open() : Conntrack.OpenIn(_netns);
        await foreach (var filter in _waiting.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            try
            {
                connections.Remove(filter);
            }
            catch (LinuxException refused)
            {
                _log.LogWarning("connections of {Filter} could not be forgotten: {Reason}", filter, refused.Message);
            }
        }
    }
}
