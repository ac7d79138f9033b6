using System.Text.Json.Serialization;
using Slipway.Oci;

namespace Slipway.Engine.Containers.Spec;

/// <summary>A seccomp profile as people write it for Docker: the runtime's form plus conditions on rules.</summary>
public sealed record DockerSeccompProfile
{
    /// <summary>What happens to calls without a rule.</summary>
    public string DefaultAction { get => field ?? ""; init; }

    /// <summary>Error number of <see cref="DefaultAction"/>.</summary>
    public uint? DefaultErrnoRet { get; init; }

    /// <summary>Processors, in the runtime's names; not together with <see cref="ArchMap"/>.</summary>
    public IReadOnlyList<string>? Architectures { get; init; }

    /// <summary>Processors with the ones whose programs they also run.</summary>
    public IReadOnlyList<SeccompArchitecture>? ArchMap { get; init; }

    /// <summary>Flags of seccomp(2).</summary>
    public IReadOnlyList<string>? Flags { get; init; }

    /// <summary>Socket of an agent that decides.</summary>
    public string? ListenerPath { get; init; }

    /// <summary>Passed to the agent.</summary>
    public string? ListenerMetadata { get; init; }

    /// <summary>The rules.</summary>
    public IReadOnlyList<DockerSeccompRule>? Syscalls { get; init; }
}

/// <summary>A processor and those whose programs it also runs.</summary>
public sealed record SeccompArchitecture
{
    /// <summary>Such as <c>SCMP_ARCH_X86_64</c>.</summary>
    public string Architecture { get => field ?? ""; init; }

    /// <summary>Such as <c>SCMP_ARCH_X86</c>.</summary>
    public IReadOnlyList<string>? SubArchitectures { get; init; }
}

/// <summary>A rule with its conditions.</summary>
public sealed record DockerSeccompRule
{
    /// <summary>One call; not together with <see cref="Names"/>.</summary>
    public string? Name { get; init; }

    /// <summary>Calls.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>What happens to them.</summary>
    public string Action { get => field ?? ""; init; }

    /// <summary>Error number of the action.</summary>
    public uint? ErrnoRet { get; init; }

    /// <summary>Conditions on arguments.</summary>
    public IReadOnlyList<SeccompArg>? Args { get; init; }

    /// <summary>The rule counts only where all of this holds.</summary>
    public SeccompFilter? Includes { get; init; }

    /// <summary>The rule does not count where any of this holds.</summary>
    public SeccompFilter? Excludes { get; init; }
}

/// <summary>Conditions under which a rule counts.</summary>
public sealed record SeccompFilter
{
    /// <summary>Capabilities of the container.</summary>
    public IReadOnlyList<string>? Caps { get; init; }

    /// <summary>Processor names as Go gives them.</summary>
    public IReadOnlyList<string>? Arches { get; init; }

    /// <summary>Least kernel version, <c>4.8</c>.</summary>
    public string? MinKernel { get; init; }
}

/// <summary>Reads profiles.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, MaxDepth = 16, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(DockerSeccompProfile))]
internal sealed partial class SeccompJson : JsonSerializerContext;
