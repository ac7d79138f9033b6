using System.Diagnostics;
using System.Net.Sockets;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildClient.Services;

/// <summary>Connects commands of a build with ssh agents here. Keys stay in the agents; for keys in files an agent of its own runs as long as the build.</summary>
internal sealed class ForwardedAgents : IAsyncDisposable
{
    private const string UsualId = "default";

    private readonly Dictionary<string, string> _sockets = new(StringComparer.Ordinal);
    private readonly List<Process> _started = [];
    private DirectoryInfo? _directory;

    /// <summary>Whether there is any.</summary>
    internal bool Any => _sockets.Count > 0;

    /// <summary>Finds the agents, and starts those that are needed.</summary>
    /// <exception cref="BuildFailedException">One is not there.</exception>
    internal static async Task<ForwardedAgents> OpenAsync(IReadOnlyList<BuildAgent> agents, CancellationToken cancel)
    {
        var forwarded = new ForwardedAgents();
        foreach (var agent in agents)
        {
            forwarded._sockets[agent.Id.Length > 0 ? agent.Id : UsualId] = agent.Paths switch
            {
                [] => Environment.GetEnvironmentVariable("SSH_AUTH_SOCK") is { Length: > 0 } usual ? usual : throw new BuildFailedException("invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set", null),
                [var only] when IsSocket(only) => only,
                _ => await forwarded.StartAsync(agent, cancel).ConfigureAwait(false),
            };
        }

        return forwarded;
    }

    internal async Task CheckAsync(GrpcCall call)
    {
        var request = await call.ReadAsync(CheckAgentRequest.Parser).ConfigureAwait(false);
        Socket(request.Id);
        await call.WriteAsync(new CheckAgentResponse()).ConfigureAwait(false);
    }

    internal async Task ForwardAsync(GrpcCall call)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket(call.Metadata("buildkit.ssh.id"))), call.Gone).ConfigureAwait(false);
        call.Begin();
        using var agent = new NetworkStream(socket);
        var remote = new GrpcBytes(call.Messages);
        await using (remote.ConfigureAwait(false))
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(call.Gone);
            var asking = remote.CopyToAsync(agent, stop.Token);
            var answering = agent.CopyToAsync(remote, stop.Token);
            await Task.WhenAny(asking, answering).ConfigureAwait(false);
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(asking, answering).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _started)
        {
            process.Kill();
            await process.WaitForExitAsync().ConfigureAwait(false);
            process.Dispose();
        }

        _directory?.Delete(recursive: true);
    }

    private string Socket(string id) => _sockets.GetValueOrDefault(id.Length > 0 ? id : UsualId) ?? throw new GrpcException(GrpcStatus.NotFound, $"unset ssh forward key {id}");

    // No key is a socket, and File.Exists is true of both.
    private static bool IsSocket(string path) => File.Exists(path) && new FileInfo(path) is { Length: 0 };

    private async Task<string> StartAsync(BuildAgent agent, CancellationToken cancel)
    {
        _directory ??= Directory.CreateTempSubdirectory("slipway-agent-");
        var socket = Path.Combine(_directory.FullName, $"{_started.Count}");
        _started.Add(Run("ssh-agent", null, "-D", "-a", socket));
        for (var waited = 0; !File.Exists(socket) && waited < 100; waited++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancel).ConfigureAwait(false);
        }

        using var adding = Run("ssh-add", socket, ["-q", "--", .. agent.Paths]);
        await adding.WaitForExitAsync(cancel).ConfigureAwait(false);
        return adding.ExitCode == 0 ? socket : throw new BuildFailedException($"failed to add the keys of ssh agent {agent.Id}: ssh-add exited with {adding.ExitCode}", null);
    }

    private static Process Run(string program, string? socket, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true };
        if (socket is not null)
        {
            start.Environment["SSH_AUTH_SOCK"] = socket;
        }

        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new BuildFailedException($"keys in files need {program}: {e.Message}", null, e);
        }
    }
}
