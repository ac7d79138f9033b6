using Google.Protobuf.WellKnownTypes;
using Slipway.BuildKit.Builds;
using Slipway.BuildKit.Grpc;
using Slipway.BuildKit.Transport;

namespace Slipway.BuildKit.Sessions;

/// <summary>How a session introduces itself.</summary>
/// <param name="Id">Its id.</param>
/// <param name="SharedKey">See <see cref="Session.SharedKey"/>.</param>
/// <param name="Methods">What it serves.</param>
public sealed record SessionHello(string Id, string SharedKey, IReadOnlySet<string> Methods)
{
    /// <summary>Reads the headers of <c>POST /session</c>.</summary>
    /// <exception cref="Engine.EngineException">InvalidArgument: it has no id.</exception>
    public static SessionHello Of(IReadOnlyDictionary<string, IReadOnlyList<string>> headers)
    {
        string Text(string name) => headers.TryGetValue("X-Docker-Expose-Session-" + name, out var values) && values.Count > 0 ? values[0] : "";
        var id = Text("Uuid");
        var methods = headers.TryGetValue("X-Docker-Expose-Session-Grpc-Method", out var all) ? all : [];
        return id.Length > 0
            ? new SessionHello(id, Text("Sharedkey"), methods.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries)).ToHashSet(StringComparer.Ordinal))
            : throw Engine.EngineException.Invalid("a session needs an id");
    }
}

/// <summary>The sessions that are connected, by id.</summary>
internal sealed class SessionTable(TimeProvider time)
{
    private readonly Rendezvous<Session> _sessions = new("active session for", time);

    /// <summary>The session with this id.</summary>
    /// <exception cref="GrpcException">There is none.</exception>
    internal Task<Session> GetAsync(string id, CancellationToken cancel) => _sessions.GetAsync(id, cancel);

    /// <summary>Lets a session take part in builds for as long as its connection lasts.</summary>
    internal async Task JoinAsync(Stream stream, SessionHello hello, CancellationToken stop)
    {
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var watched = new WatchedStream(stream, gone.Cancel);
        using var channel = new GrpcChannel(watched);
        _sessions.Add(hello.Id, new Session(hello.Id, hello.SharedKey, hello.Methods, channel, gone.Token));
        try
        {
            await ServeAsync(channel, gone.Token).ConfigureAwait(false);
        }
        finally
        {
            _sessions.Remove(hello.Id);
            await watched.EndAsync().ConfigureAwait(false);
        }
    }

    private async Task ServeAsync(GrpcChannel channel, CancellationToken gone)
    {
        try
        {
            // The first call opens the connection; from then on its end is noticed.
            await channel.CallAsync("/grpc.health.v1.Health/Check", new Empty(), Empty.Parser, gone).ConfigureAwait(false);
        }
        catch (Exception e) when (e is GrpcException or OperationCanceledException)
        {
            // A client without that service is as good.
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, time, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
