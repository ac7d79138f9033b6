using Slipway.BuildKit.Builds;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Http2;

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
        var connection = new Http2Connection(stream, null);
        _sessions.Add(hello.Id, new Session(hello.Id, hello.SharedKey, hello.Methods, new GrpcChannel(connection), gone.Token));
        try
        {
            await connection.RunAsync(stop).ConfigureAwait(false);
        }
        finally
        {
            _sessions.Remove(hello.Id);
            await gone.CancelAsync().ConfigureAwait(false);
        }
    }
}
