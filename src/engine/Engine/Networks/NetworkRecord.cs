using System.Text.Json.Serialization;
using Slipway.DockerApi;

namespace Slipway.Engine.Networks;

/// <summary>Everything that is kept about a network: a row of <see cref="State.StateRoom.Networks"/>, keyed by id.</summary>
public sealed record NetworkRecord
{
    /// <summary>64 lower-case hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Name; several networks never share one.</summary>
    public required string Name { get; init; }

    /// <summary>When it was created.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary><c>bridge</c>, <c>macvlan</c>, <c>ipvlan</c>, <c>host</c> or <c>null</c>.</summary>
    public required string Driver { get; init; }

    /// <summary>Whether containers get IPv4 addresses.</summary>
    public bool EnableIPv4 { get; init; }

    /// <summary>Whether containers get IPv6 addresses.</summary>
    public bool EnableIPv6 { get; init; }

    /// <summary>Whether nothing outside can be reached.</summary>
    public bool Internal { get; init; }

    /// <summary>As asked for; means nothing on one machine.</summary>
    public bool Attachable { get; init; }

    /// <summary>Options of the driver, as given.</summary>
    public IReadOnlyDictionary<string, string> Options { get => field ?? new Dictionary<string, string>(); init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get => field ?? new Dictionary<string, string>(); init; }

    /// <summary>Options of address management, as given.</summary>
    public IReadOnlyDictionary<string, string>? IpamOptions { get; init; }

    /// <summary>Where addresses are taken from, complete: every pool has its subnet and, but for <see cref="Internal"/> macvlan networks, its gateway.</summary>
    public IReadOnlyList<IpamConfig> Pools { get => field ?? []; init; }

    /// <summary>The bridge's link name; for macvlan and ipvlan the parent's.</summary>
    public string Link { get => field ?? ""; init; }

    /// <summary>Whether the engine made <see cref="Link"/> and takes it away again.</summary>
    public bool OwnsLink { get; init; }

    /// <summary>Whether it is one of the three that are always there.</summary>
    [JsonIgnore]
    public bool IsBuiltIn => Name is BuiltInNetworks.Bridge or BuiltInNetworks.Host or BuiltInNetworks.None;

    /// <summary>Whether it is the default bridge, whose containers find nobody by name.</summary>
    [JsonIgnore]
    public bool IsDefaultBridge => Name == BuiltInNetworks.Bridge;

    /// <summary>An option, or null.</summary>
    public string? Option(string name) => Options.GetValueOrDefault(name);

    /// <summary>An option that is on or off.</summary>
    public bool Flag(string name, bool absent) => Option(name) is { Length: > 0 } text ? text is "true" or "1" or "t" or "T" or "TRUE" or "True" : absent;
}
