using Slipway.Compose.Files;

namespace Slipway.Compose.Model;

/// <summary>One service, as a view of its part of the document.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Map">Its part of the document, in the canonical form.</param>
public sealed record Service(string Name, Mapping Map)
{
    /// <summary>Name of the image; null when it is built and has the project's name for it.</summary>
    public string? Image => Map.Text("image");

    /// <summary>How it is built; null when it is not.</summary>
    public Mapping? Build => Map.Map("build");

    /// <summary>A fixed name of its only container, or null.</summary>
    public string? ContainerName => Map.Text("container_name");

    /// <summary>Profiles that it belongs to; none means always.</summary>
    public IReadOnlyList<string> Profiles => Map.Texts("profiles");

    /// <summary>How many containers it has.</summary>
    public int Scale => (int)Math.Clamp(Map.Number("scale") ?? Map.Map("deploy").Number("replicas") ?? 1, 0, 10_000);

    /// <summary>Labels of its containers, as written.</summary>
    public IReadOnlyDictionary<string, string> Labels => Map.Pairs("labels");

    /// <summary>When its image is pulled: <c>always</c>, <c>never</c>, <c>missing</c>, <c>build</c>, <c>daily</c>, … ; empty for the usual.</summary>
    public string PullPolicy => Map.Text("pull_policy") ?? "";

    /// <summary>Platform of its image, or null.</summary>
    public string? Platform => Map.Text("platform");

    /// <summary>Seconds that its containers have between the stop signal and SIGKILL; null for ten.</summary>
    public int? StopSeconds => Map.Text("stop_grace_period") is { } text ? (int)Math.Min(int.MaxValue, Duration.Nanoseconds(text) / 1_000_000_000) : null;

    /// <summary>Whether its output is shown by <c>up</c> in the foreground.</summary>
    public bool Attach => Map.Text("attach") != "false";

    /// <summary>Services that must be there first.</summary>
    public IReadOnlyList<Dependency> DependsOn =>
        [.. Map.Map("depends_on")?.Entries.Where(e => e.Value is Mapping).Select(e => Dependency.Of(e.Key, (Mapping)e.Value)) ?? []];

    /// <summary>Keys of the networks it joins, those of high priority first.</summary>
    public IReadOnlyList<string> NetworkKeys =>
        [.. Map.Map("networks")?.Entries.OrderByDescending(e => (e.Value as Mapping).Number("priority") ?? 0).ThenBy(e => e.Key, StringComparer.Ordinal).Select(e => e.Key) ?? []];

    /// <summary>How several containers are replaced.</summary>
    public UpdatePolicy Update => UpdatePolicy.Of(this);

    /// <summary>Where it stands.</summary>
    public Position At => Map.At;

    /// <summary>What it is called in messages about keys.</summary>
    public string Path => "services." + Name;
}

/// <summary>A service that another one needs.</summary>
/// <param name="Service">Its name.</param>
/// <param name="Condition"><c>service_started</c>, <c>service_healthy</c> or <c>service_completed_successfully</c>.</param>
/// <param name="Restart">Whether who needs it is restarted with it.</param>
/// <param name="Required">Whether it must exist.</param>
public sealed record Dependency(string Service, string Condition, bool Restart, bool Required)
{
    internal static Dependency Of(string name, Mapping map) =>
        new(name, map.Text("condition") ?? "service_started", map.Flag("restart"), map.Text("required") != "false");
}

/// <summary>A network of the document.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Map">Its part of the document.</param>
public sealed record NetworkModel(string Key, Mapping Map)
{
    /// <summary>Its name on the engine.</summary>
    public string Name => Map.Text("name") ?? Key;

    /// <summary>Whether it must exist already.</summary>
    public bool External => Map.Flag("external");
}

/// <summary>A volume of the document.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Map">Its part of the document.</param>
public sealed record VolumeModel(string Key, Mapping Map)
{
    /// <summary>Its name on the engine.</summary>
    public string Name => Map.Text("name") ?? Key;

    /// <summary>Whether it must exist already.</summary>
    public bool External => Map.Flag("external");
}

/// <summary>A secret or a config of the document.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Map">Its part of the document.</param>
public sealed record FileModel(string Key, Mapping Map)
{
    /// <summary>Absolute path of the file with its content, or null.</summary>
    public string? File => Map.Text("file");

    /// <summary>Name of the variable with its content, or null.</summary>
    public string? Variable => Map.Text("environment");

    /// <summary>Its content, or null.</summary>
    public string? Content => Map.Text("content");

    /// <summary>Whether it is kept somewhere else, which an engine without a swarm cannot serve.</summary>
    public bool External => Map.Flag("external");
}
