using System.Globalization;
using Slipway.Oci;

namespace Slipway.Engine.Containers.Spec;

/// <summary>Turns a Docker profile into the runtime's: keeps the rules whose conditions hold for this container on this machine.</summary>
internal static class SeccompConditions
{
    private static readonly string[] Actions =
    [
        "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP", "SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", "SCMP_ACT_ALLOW",
        "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY",
    ];

    private static readonly string[] Operators =
    [
        "SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT", "SCMP_CMP_MASKED_EQ",
    ];

    private static readonly Dictionary<string, string[]> NativeNames = new()
    {
        ["amd64"] = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        ["386"] = ["SCMP_ARCH_X86"],
        ["arm64"] = ["SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
        ["arm"] = ["SCMP_ARCH_ARM"],
        ["ppc64le"] = ["SCMP_ARCH_PPC64LE"],
        ["s390x"] = ["SCMP_ARCH_S390X", "SCMP_ARCH_S390"],
        ["riscv64"] = ["SCMP_ARCH_RISCV64"],
        ["loong64"] = ["SCMP_ARCH_LOONGARCH64"],
    };

    /// <summary>The runtime's names of a processor and of those whose programs it also runs.</summary>
    public static IReadOnlyList<string> NativeWithCompatible(string architecture) => NativeNames.GetValueOrDefault(architecture) ?? [];

    /// <summary>Refuses profiles that contradict themselves or that the runtime would not take.</summary>
    public static void Validate(DockerSeccompProfile profile)
    {
        Require(!(profile.ArchMap is { Count: > 0 } && profile.Architectures is { Count: > 0 }),
            "both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'");
        Require(Actions.Contains(profile.DefaultAction), $"invalid seccomp profile: unknown default action '{profile.DefaultAction}'");
        foreach (var rule in profile.Syscalls ?? [])
        {
            Require(!(rule.Name is { Length: > 0 } && rule.Names is { Count: > 0 }),
                "both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'");
            Require(Actions.Contains(rule.Action), $"invalid seccomp profile: unknown action '{rule.Action}'");
            Require((rule.Args ?? []).All(arg => Operators.Contains(arg.Op) && arg.Index < 6), "invalid seccomp profile: bad argument condition");
            Require(rule.Includes?.MinKernel is null || ParseVersion(rule.Includes.MinKernel) is not null, "invalid seccomp profile: bad kernel version");
        }
    }

    /// <summary>The profile for one container.</summary>
    public static SeccompSpec Apply(DockerSeccompProfile profile, IReadOnlyList<string> capabilities, string architecture, (int Major, int Minor) kernel) => new()
    {
        DefaultAction = profile.DefaultAction,
        DefaultErrnoRet = profile.DefaultErrnoRet,
        Architectures = ArchitecturesOf(profile, architecture),
        Flags = profile.Flags,
        ListenerPath = string.IsNullOrEmpty(profile.ListenerPath) ? null : profile.ListenerPath,
        ListenerMetadata = string.IsNullOrEmpty(profile.ListenerMetadata) ? null : profile.ListenerMetadata,
        Syscalls =
        [
            .. (profile.Syscalls ?? [])
                .Where(rule => Includes(rule.Includes, capabilities, architecture, kernel) && !Excludes(rule.Excludes, capabilities, architecture, kernel))
                .Select(rule => new SeccompRule
                {
                    Names = rule.Name is { Length: > 0 } name ? [name] : rule.Names ?? [],
                    Action = rule.Action, ErrnoRet = rule.ErrnoRet, Args = rule.Args,
                }),
        ],
    };

    private static IReadOnlyList<string>? ArchitecturesOf(DockerSeccompProfile profile, string architecture)
    {
        var native = NativeWithCompatible(architecture);
        var mapped = profile.ArchMap?.FirstOrDefault(entry => native.Count > 0 && entry.Architecture == native[0]);
        return mapped is null ? profile.Architectures : [mapped.Architecture, .. mapped.SubArchitectures ?? []];
    }

    private static bool Includes(SeccompFilter? filter, IReadOnlyList<string> capabilities, string architecture, (int Major, int Minor) kernel) =>
        filter is null
        || ((filter.Arches is not { Count: > 0 } || filter.Arches.Contains(architecture))
            && (filter.Caps ?? []).All(capabilities.Contains)
            && (filter.MinKernel is null || kernel.CompareTo(ParseVersion(filter.MinKernel)!.Value) >= 0));

    private static bool Excludes(SeccompFilter? filter, IReadOnlyList<string> capabilities, string architecture, (int Major, int Minor) kernel) =>
        filter is not null
        && ((filter.Arches ?? []).Contains(architecture)
            || (filter.Caps ?? []).Any(capabilities.Contains)
            || (filter.MinKernel is not null && ParseVersion(filter.MinKernel) is { } least && kernel.CompareTo(least) >= 0));

    private static (int Major, int Minor)? ParseVersion(string text) =>
        text.Split('.') is [var major, var minor]
        && int.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
        && int.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
            ? (first, second) : null;

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw EngineException.Invalid(message);
        }
    }
}
