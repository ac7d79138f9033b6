using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Ports;

/// <summary>
/// The daemon's side of the relay: one process for all ports of an engine, started in the background with the first one. It has copies of
/// the sockets and outlives the daemon, which finds it again at the path of its own socket; when it dies, another one takes its place.
/// </summary>
internal sealed class PortRelay : IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    private readonly string _path;
    private readonly Func<string, int> _start;
    private readonly ProcessWatch _watch;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Lock _turn = new();
    private readonly Dictionary<RelayedPort, (SafeFileHandle Socket, IPEndPoint Target)> _wanted = [];
    private readonly Dictionary<RelayedPort, SafeFileHandle> _found = [];
    private readonly Channel<RelayedPort> _waiting = Channel.CreateUnbounded<RelayedPort>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _ended = new();
    private Socket? _connection;
    private Task? _work;
    private bool _asked;

    /// <param name="path">Socket of the relay process.</param>
    /// <param name="start">Starts one that listens there, and returns its process number.</param>
    /// <param name="watch">Notices its end.</param>
    /// <param name="time">Times attempts.</param>
    /// <param name="log">Told when the relay dies.</param>
    internal PortRelay(string path, Func<string, int> start, ProcessWatch watch, TimeProvider time, ILogger log) =>
        (_path, _start, _watch, _time, _log) = (path, start, watch, time, log);

    /// <summary>A relay of our own: the daemon's program with other arguments.</summary>
    internal static PortRelay? For(EngineOptions options, EnginePaths paths, ProcessWatch watch, TimeProvider time, ILogger log) =>
        options.RelayProgram.Length == 0 ? null : new PortRelay(paths.PortRelay, path => Start(options.RelayProgram, path), watch, time, log);

    /// <summary>Serves a port; the socket stays the caller's. Connections that come before the relay is there wait.</summary>
    internal void Serve(RelayedPort port, SafeFileHandle socket, IPEndPoint target)
    {
        lock (_turn)
        {
            _wanted[port] = (socket, target);
            _work ??= Task.Run(WorkAsync);
        }

        _waiting.Writer.TryWrite(port);
    }

    /// <summary>Ends the service of a port; the relay's copy of the socket is closed on return.</summary>
    internal void Stop(RelayedPort port)
    {
        lock (_turn)
        {
            _wanted.Remove(port);
            TryExchange(new RelayMessage("remove", port));
        }
    }

    /// <summary>The socket with which a relay of an earlier daemon serves the port; null when none does.</summary>
    internal SafeFileHandle? Served(RelayedPort port)
    {
        lock (_turn)
        {
            if (!_asked)
            {
                _asked = true;
                if (TryConnect())
                {
                    Watch(started: 0);
                    TryExchange(new RelayMessage("list"));
                }
            }

            return _found.Remove(port, out var socket) ? socket : null;
        }
    }

    /// <summary>Ends the service of what a relay of an earlier daemon serves and nobody has asked for.</summary>
    internal void Settle()
    {
        lock (_turn)
        {
            foreach (var (port, socket) in _found)
            {
                socket.Dispose();
                TryExchange(new RelayMessage("remove", port));
            }

            _found.Clear();
        }
    }

    /// <summary>Stops; the relay goes on if it has anything to do.</summary>
    public void Dispose()
    {
        _ended.Cancel();
        _waiting.Writer.TryComplete();
        lock (_turn)
        {
            if (_wanted.Count == 0)
            {
                TryExchange(new RelayMessage("end"));
            }

            _connection?.Dispose();
            _connection = null;
        }
    }

    private async Task WorkAsync()
    {
        await foreach (var port in _waiting.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            while (!_ended.IsCancellationRequested && !TrySend(port))
            {
                await PauseAsync().ConfigureAwait(false);
            }
        }
    }

    // A relay that cannot be started is tried again for as long as somebody wants it.
    private async Task PauseAsync()
    {
        try
        {
            await Task.Delay(s_pause, _time, _ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The daemon ends.
        }
    }

    private bool TrySend(RelayedPort port)
    {
        lock (_turn)
        {
            if (_ended.IsCancellationRequested || !_wanted.TryGetValue(port, out var wanted))
            {
                return true;
            }

            return (_connection is not null || TryConnect() || TryStart()) && TryExchange(new RelayMessage("add", port, wanted.Target), wanted.Socket);
        }
    }

    private bool TryStart()
    {
        try
        {
            var pid = _start(_path);
            for (var waited = 0; waited < s_patience.TotalMilliseconds; waited += 5)
            {
                if (TryConnect())
                {
                    Watch(pid);
                    return true;
                }

                Thread.Sleep(5);
            }

            _log.LogWarning("the port relay (pid {Pid}) does not answer", pid);
        }
        catch (LinuxException refused)
        {
            _log.LogWarning("the port relay cannot be started: {Reason}", refused.Message);
        }

        return false;
    }

    private bool TryConnect()
    {
        try
        {
            _connection = UnixSockets.ConnectSeqPacket(_path);
            _connection.ReceiveTimeout = (int)s_patience.TotalMilliseconds;
            return true;
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    private bool TryExchange(RelayMessage message, SafeFileHandle? socket = null) => _connection is not null && Exchange(message, socket) is not null;

    private RelayMessage? Exchange(RelayMessage message, SafeFileHandle? socket)
    {
        try
        {
            DescriptorMessages.Send(_connection!, message.Write(), socket);
            var buffer = new byte[RelayMessage.LongestMessage];
            while (DescriptorMessages.Receive(_connection!, buffer, out var descriptor) is > 0 and var size && RelayMessage.TryRead(buffer.AsSpan(0, size), out var answer))
            {
                if (answer is { Verb: "add", Port: { } port } && descriptor is not null)
                {
                    _found[port] = descriptor;
                }
                else
                {
                    return answer;
                }
            }
        }
        catch (LinuxException)
        {
            // It is gone.
        }

        _connection?.Dispose();
        _connection = null;
        return null;
    }

    // Notices the end of the relay's process, whoever started it; ports are unserved then.
    private void Watch(int started)
    {
        if (Exchange(new RelayMessage("hello"), null) is { Pid: > 0 and var pid })
        {
            _ = FollowAsync(pid, started);
        }
    }

    private async Task FollowAsync(int pid, int started)
    {
        using (var process = Pidfd.Open(pid))
        {
            await (process is null ? Task.CompletedTask : _watch.WaitForExit(process)).ConfigureAwait(false);
        }

        if (started == pid)
        {
            Spawn.Wait(pid);
        }

        lock (_turn)
        {
            _connection?.Dispose();
            _connection = null;
            if (_wanted.Count > 0 && !_ended.IsCancellationRequested)
            {
                _log.LogWarning("the port relay (pid {Pid}) has ended; another one is started", pid);
                foreach (var port in _wanted.Keys)
                {
                    _waiting.Writer.TryWrite(port);
                }
            }
        }
    }

    // Completions on the thread that polls spare a hand-over per piece of data.
    private static int Start(string program, string path) => Spawn.Start(
        program,
        [Path.GetFileName(program), "relay", path],
        ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS=1", "DOTNET_gcConcurrent=0", .. DotnetRoot()],
        [],
        "/",
        newSession: true);

    private static string[] DotnetRoot() => Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root ? ["DOTNET_ROOT=" + root] : [];
}
