using System.Net;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Ports;

/// <summary>The ports that a relay process serves.</summary>
internal sealed class RelayedPorts(TimeProvider time)
{
    private readonly Lock _turn = new();
    private readonly Dictionary<RelayedPort, Served> _ports = [];
    private long _emptySince = time.GetTimestamp();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when no port is accepted any more.</summary>
    internal Task Ended => _ended.Task;

    /// <summary>Serves a port, or leads one that is served elsewhere. The descriptor is taken over. False when the process is about to end.</summary>
    internal bool TryAdd(RelayedPort port, SafeFileHandle descriptor, IPEndPoint target)
    {
        lock (_turn)
        {
            if (Ended.IsCompleted)
            {
                return false;
            }

            if (_ports.TryGetValue(port, out var served))
            {
                descriptor.Dispose();
                served.Target = target;
                return true;
            }

            var copy = Descriptors.Duplicate(descriptor);
            served = new Served(copy, PortSockets.Wrap(descriptor)) { Target = target };
            _ports[port] = served;
            _ = port.Protocol == "tcp" ? TcpRelay.RunAsync(served.Socket, () => served.Target) : UdpRelay.RunAsync(served.Socket, () => served.Target, time);
            return true;
        }
    }

    /// <summary>Ends the service of a port; connections go on.</summary>
    internal void Remove(RelayedPort port)
    {
        lock (_turn)
        {
            if (_ports.Remove(port, out var served))
            {
                served.Copy.Dispose();
                served.Socket.Dispose();
                _emptySince = time.GetTimestamp();
            }
        }
    }

    /// <summary>All ports. The sockets stay ours.</summary>
    internal IReadOnlyList<(RelayedPort Port, IPEndPoint Target, SafeFileHandle Socket)> List()
    {
        lock (_turn)
        {
            return [.. _ports.Select(p => (p.Key, p.Value.Target, p.Value.Copy))];
        }
    }

    /// <summary>True, and no port is accepted any more, when there has been none for so long.</summary>
    internal bool TryEnd(TimeSpan idle)
    {
        lock (_turn)
        {
            if (_ports.Count == 0 && time.GetElapsedTime(_emptySince) >= idle)
            {
                _ended.TrySetResult();
            }

            return Ended.IsCompleted;
        }
    }

    private sealed class Served(SafeFileHandle copy, Socket socket)
    {
        internal SafeFileHandle Copy => copy;

        internal Socket Socket => socket;

        internal required IPEndPoint Target { get; set; }
    }
}
