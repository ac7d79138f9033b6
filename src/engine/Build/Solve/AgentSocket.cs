using System.Net.Sockets;
using Slipway.Engine;
using Slipway.Linux;

namespace Slipway.Build.Solve;

/// <summary>A socket at which a command finds the client's ssh agent while it runs; every connection is passed on.</summary>
internal sealed class AgentSocket : IDisposable
{
    private const int Backlog = 16;

    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Stream, CancellationToken, Task> _forward;

    internal AgentSocket(SlipwayEngine engine, Graph.RunMount mount, Func<Stream, CancellationToken, Task> forward)
    {
        _forward = forward;
        var directory = Directory.CreateDirectory(DirectoryOf(engine), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        var name = Guid.NewGuid().ToString("N")[..12];
        Path = System.IO.Path.Combine(directory, name);
        _socket.Bind(new UnixDomainSocketEndPoint(Path));
        using (var root = SafePath.Open(directory))
        {
            root.SetOwner(name, (uint)mount.UserId, (uint)mount.GroupId);
            root.SetMode(name, (UnixFileMode)(mount.Mode ?? 0x180));
        }

        _socket.Listen(Backlog);
        _ = AcceptAsync();
    }

    /// <summary>Where it is on the host.</summary>
    internal string Path { get; }

    /// <summary>Removes what a daemon that ended uncleanly left.</summary>
    internal static void Sweep(SlipwayEngine engine)
    {
        if (Directory.Exists(DirectoryOf(engine)))
        {
            Directory.Delete(DirectoryOf(engine), recursive: true);
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _socket.Dispose();
        File.Delete(Path);
    }

    private static string DirectoryOf(SlipwayEngine engine) => System.IO.Path.Combine(engine.Paths.ExecRoot, "agents");

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ForwardAsync(await _socket.AcceptAsync(_stop.Token).ConfigureAwait(false));
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The command has ended.
        }
    }

    private async Task ForwardAsync(Socket connection)
    {
        var stream = new NetworkStream(connection, ownsSocket: true);
        await using (stream.ConfigureAwait(false))
        {
            await _forward(stream, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
