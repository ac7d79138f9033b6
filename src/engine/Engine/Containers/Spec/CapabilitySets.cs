using Slipway.Linux;

namespace Slipway.Engine.Containers.Spec;

/// <summary>Which capabilities(7) a container's processes get.</summary>
public static class CapabilitySets
{
    private const string All = "ALL";

    /// <summary>The fourteen that a container gets when it asks for nothing.</summary>
    public static IReadOnlyList<string> Default { get; } =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ];

    /// <summary>The kernel's form of a capability list: upper case, with the <c>CAP_</c> prefix; <c>ALL</c> stays.</summary>
    /// <exception cref="EngineException">A name that no kernel knows, or that we do not hold ourselves and so cannot give.</exception>
    public static IReadOnlyList<string> Normalize(IReadOnlyList<string>? names, IReadOnlyList<string> held)
    {
        var result = new List<string>();
        foreach (var given in names ?? [])
        {
            var name = given.ToUpperInvariant();
            if (name != All)
            {
                name = name.StartsWith("CAP_", StringComparison.Ordinal) ? name : "CAP_" + name;
                if (Capabilities.Number(name) is null)
                {
                    throw EngineException.Invalid($"unknown capability: \"{name}\"");
                }

                if (!held.Contains(name))
                {
                    throw EngineException.Invalid($"capability not supported by your kernel or not available in the current environment: \"{name}\"");
                }
            }

            result.Add(name);
        }

        return result;
    }

    /// <summary>
    /// Default capabilities with additions and removals; a privileged container gets all that we hold, whatever else was asked. What we
    /// do not hold ourselves is left out, since the runtime could not set it.
    /// </summary>
    public static IReadOnlyList<string> Resolve(IReadOnlyList<string>? add, IReadOnlyList<string>? drop, bool privileged, IReadOnlyList<string> held)
    {
        if (privileged)
        {
            return held;
        }

        // A removal of something we do not hold is always met.
        var dropped = (drop ?? []).Select(Plain).ToHashSet();
        var added = Normalize(add, held);
        IEnumerable<string> start = added.Contains(All) ? held : dropped.Contains(All) ? [] : Default;
        return [.. start.Where(name => !dropped.Contains(name)).Concat(added.Where(name => name != All)).Distinct().Where(held.Contains)];
    }

    private static string Plain(string name)
    {
        var upper = name.ToUpperInvariant();
        return upper == All || upper.StartsWith("CAP_", StringComparison.Ordinal) ? upper : "CAP_" + upper;
    }
}
