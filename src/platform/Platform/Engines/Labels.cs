namespace Slipway.Platform.Engines;

/// <summary>Labels by which the platform knows its own containers, networks and volumes.</summary>
internal static class Labels
{
    /// <summary>Identity of the application.</summary>
    internal const string App = "slipway.app";

    /// <summary>Its name, for people.</summary>
    internal const string AppName = "slipway.app.name";

    /// <summary>Identity of the release.</summary>
    internal const string Release = "slipway.release";

    /// <summary>Identity of the deployment that made it.</summary>
    internal const string Deployment = "slipway.deployment";

    /// <summary>Name of the process that runs in a container.</summary>
    internal const string Process = "slipway.process";

    /// <summary>On images: processes beside the one that serves, as a JSON object of argument vectors by name.</summary>
    internal const string Processes = "slipway.processes";

    /// <summary>Name of the service, for applications with a Compose file.</summary>
    internal const string Service = "slipway.service";

    /// <summary>The proxy's container.</summary>
    internal const string Proxy = "slipway.proxy";

    /// <summary>On the proxy's container: identity of the server that it is for.</summary>
    internal const string Server = "slipway.server";

    /// <summary>Identity of the platform: two of them on one engine leave each other's things alone.</summary>
    internal const string Platform = "slipway.platform";

    /// <summary>On images: the port that the build's plan knows.</summary>
    internal const string Port = "slipway.port";

    /// <summary>On images: a start command for a shell.</summary>
    internal const string Start = "slipway.start";

    /// <summary>On images: a command for a shell that runs once before the release serves.</summary>
    internal const string ReleaseCommand = "slipway.release-command";
}
