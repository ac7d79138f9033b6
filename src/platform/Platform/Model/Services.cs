namespace Slipway.Platform.Model;

/// <summary>A service that another one needs.</summary>
/// <param name="Service">Its name.</param>
/// <param name="Condition"><c>service_started</c>, <c>service_healthy</c> or <c>service_completed_successfully</c>.</param>
/// <param name="Restart">Whether who needs it is made anew together with it.</param>
public sealed record ServiceNeed(string Service, string Condition, bool Restart);

/// <summary>A service of a Compose file as a release keeps it: everything that it takes to run it, now or after a rollback.</summary>
public sealed record ReleaseService
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Name under which the engine has its image.</summary>
    public required string Image { get; init; }

    /// <summary>The image's id.</summary>
    public required string ImageId { get; init; }

    /// <summary>Hash of image and configuration: containers with the same one are left alone.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>What the engine is told, encrypted (see <c>ServiceSpec</c>): it has the values of variables in it.</summary>
    public required string SealedSpec { get; init; }

    /// <summary>Services that have to be there first.</summary>
    public IReadOnlyList<ServiceNeed> Needs { get => field ?? []; init; }

    /// <summary>Containers at once.</summary>
    public int Replicas { get; init; }

    /// <summary>Ports that the proxy leads to, the usual one first; none for services without an address.</summary>
    public IReadOnlyList<int> Ports { get => field ?? []; init; }

    /// <summary>Whether the application's own name leads to it.</summary>
    public bool Main { get; init; }

    /// <summary>Whether the old containers have to stop before new ones start: they share a volume, a port of the host or an address, or nobody would send their work elsewhere meanwhile.</summary>
    public bool InPlace { get; init; }

    /// <summary>Whether it runs once in each deployment, to its end, before what needs it.</summary>
    public bool Job { get; init; }

    /// <summary>Whether it may end by itself (<c>restart: "no"</c> or <c>on-failure</c>).</summary>
    public bool MayEnd { get; init; }
}

/// <summary>A service that serves.</summary>
public sealed record AppService
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Hash of what its containers were made of.</summary>
    public string Fingerprint { get => field ?? ""; init; }

    /// <summary>Its containers, as the engine knows them by name.</summary>
    public IReadOnlyList<string> Containers { get => field ?? []; init; }

    /// <summary>Name that leads the proxy to them.</summary>
    public string Alias { get => field ?? ""; init; }

    /// <summary>Ports that the proxy leads to, the usual one first.</summary>
    public IReadOnlyList<int> Ports { get => field ?? []; init; }

    /// <summary>Whether the application's own name leads to it.</summary>
    public bool Main { get; init; }

    /// <summary>Whether it may end by itself.</summary>
    public bool MayEnd { get; init; }

    /// <summary>Whether it was stopped on purpose.</summary>
    public bool Stopped { get; init; }

    /// <summary>Whether its containers are to run.</summary>
    internal bool Wanted => !Stopped && !MayEnd;
}
