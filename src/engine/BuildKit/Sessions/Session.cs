using Slipway.BuildKitApi.Grpc;

namespace Slipway.BuildKit.Sessions;

/// <summary>A client's side of a build: the services that it offers while it is connected.</summary>
internal sealed class Session(string id, string sharedKey, IReadOnlySet<string> methods, GrpcChannel? channel, CancellationToken gone)
{
    /// <summary>For builds whose client has none: it offers nothing.</summary>
    internal static Session None { get; } = new("", "", new HashSet<string>(), null, CancellationToken.None);

    /// <summary>The id that builds name it by.</summary>
    internal string Id => id;

    /// <summary>Equal for sessions that send the same directory of the same machine; empty when the client does not say.</summary>
    internal string SharedKey => sharedKey;

    /// <summary>Its connection.</summary>
    /// <exception cref="GrpcException">FailedPrecondition: there is no session.</exception>
    internal GrpcChannel Channel => channel ?? throw new GrpcException(GrpcStatus.FailedPrecondition, "no active sessions");

    /// <summary>Cancelled when it has ended.</summary>
    internal CancellationToken Gone => gone;

    /// <summary>Whether the client serves a method, such as <c>/moby.buildkit.secrets.v1.Secrets/GetSecret</c>.</summary>
    internal bool Offers(string method) => methods.Contains(method);
}
