using System.Collections.Concurrent;
using Slipway.Platform.Model;

namespace Slipway.Platform.Deploys;

/// <summary>Which containers a deployment makes, and which serve when it is done: those of the application that are not among these go.</summary>
/// <param name="New">Names of containers that are made.</param>
/// <param name="Serving">Names of all that serve afterwards, the one for commands first.</param>
/// <param name="Target">Where the application's own name leads, as <c>host:port</c>; empty for nowhere.</param>
internal sealed record Turn(IReadOnlyList<string> New, IReadOnlyList<string> Serving, string Target)
{
    /// <summary>Containers of processes that no route leads to, of an application of one image.</summary>
    public IReadOnlyList<ProcessContainer> Processes { get; init; } = [];

    /// <summary>Services with their containers, of an application with a Compose file.</summary>
    public IReadOnlyList<ServiceTurn> Services { get; init; } = [];

    /// <summary>Containers that were stopped for their successors, and run again if the deployment is given up.</summary>
    public ConcurrentQueue<string> Suspended { get; } = new();

    /// <summary>Whether the new containers serve; then nothing is given up any more.</summary>
    public bool Switched { get; set; }

    /// <summary>The container whose failure ended the attempt.</summary>
    public string? Failed { get; set; }

    /// <summary>An application of one image: all its containers are made anew.</summary>
    internal static Turn Of(App app, Release release, Deployment deployment)
    {
        var (names, others) = (AppContainers.NamesFor(app, deployment, release), AppContainers.ProcessesFor(app, deployment, release));
        return new Turn([.. names, .. others.Select(container => container.Name)], names, AppContainers.TargetOf(deployment, release)) { Processes = others };
    }
}

/// <summary>A service's part.</summary>
/// <param name="Service">What it is to be.</param>
/// <param name="Before">What it was, or null.</param>
/// <param name="Kept">Containers that stay as they are.</param>
/// <param name="New">Containers that are made.</param>
/// <param name="Alias">Name that leads the proxy to all of them.</param>
internal sealed record ServiceTurn(ReleaseService Service, AppService? Before, IReadOnlyList<string> Kept, IReadOnlyList<string> New, string Alias)
{
    /// <summary>The service when the deployment is done.</summary>
    internal AppService After => new()
    {
        Name = Service.Name, Fingerprint = Service.Fingerprint, Containers = [.. Kept, .. New], Alias = Alias, Ports = Service.Ports, Main = Service.Main, MayEnd = Service.MayEnd,
    };
}
