using System.Runtime.CompilerServices;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Containers.Spec;

/// <summary>
/// Compiled filters of profiles that are used again and again. A runtime that takes the finished program saves itself the compiling,
/// which is half of what creating a container costs it (8 ms).
/// </summary>
internal sealed class SeccompPrograms
{
    private const string ActionPrefix = "SCMP_ACT_";
    private const string ArchitecturePrefix = "SCMP_ARCH_";
    private const string OperatorPrefix = "SCMP_CMP_";

    private readonly ConditionalWeakTable<SeccompSpec, Task<string?>> _programs = [];

    /// <summary>
    /// The program of a profile in base64, or null while it is not there: the first request starts the compiling and does not wait for it,
    /// since the runtime would be no slower. Null for good where only the runtime can do it.
    /// </summary>
    internal string? Find(SeccompSpec profile) =>
        _programs.GetValue(profile, static p => Task.Run(() => TryCompile(p))) is { IsCompletedSuccessfully: true, Result: var program } ? program : null;

    /// <summary>Compiles a profile.</summary>
    /// <returns>Null when it needs a listener, flags or actions that are more than a program.</returns>
    internal static byte[]? Compile(SeccompSpec profile)
    {
        if (profile.ListenerPath is not null || profile.Flags is { Count: > 0 } || Action(profile.DefaultAction, profile.DefaultErrnoRet) is not { } byDefault)
        {
            return null;
        }

        using var filter = new SeccompCompiler(byDefault);
        foreach (var architecture in profile.Architectures ?? [])
        {
            filter.AddArchitecture(Without(ArchitecturePrefix, architecture).ToLowerInvariant());
        }

        foreach (var rule in profile.Syscalls ?? [])
        {
            if (Action(rule.Action, rule.ErrnoRet) is not { } action)
            {
                return null;
            }

            foreach (var conditions in Alternatives(rule.Args ?? []))
            {
                foreach (var name in rule.Names)
                {
                    filter.AddRule(action, name, conditions);
                }
            }
        }

        return filter.Compile();
    }

    // Conditions on different arguments must hold together; several on one argument are alternatives (runtime-spec, as runc reads it).
    private static IEnumerable<IReadOnlyList<SeccompCondition>> Alternatives(IReadOnlyList<SeccompArg> arguments)
    {
        var conditions = arguments.Select(a => new SeccompCondition(a.Index, Without(OperatorPrefix, a.Op), a.Value, a.ValueTwo)).ToList();
        return conditions.Select(c => c.Argument).Distinct().Count() == conditions.Count ? [conditions] : conditions.Select(c => new[] { c });
    }

    private static string? TryCompile(SeccompSpec profile)
    {
        try
        {
            return Compile(profile) is { } program ? Convert.ToBase64String(program) : null;
        }
        catch (Exception e) when (e is NotSupportedException or LinuxException or ArgumentException)
        {
            // The runtime brings its own compiler, and its own message if the profile cannot be compiled at all.
            return null;
        }
    }

    private static uint? Action(string name, uint? value) =>
        name.StartsWith(ActionPrefix, StringComparison.Ordinal) ? SeccompCompiler.Action(name, value ?? 1) : null;

    private static string Without(string prefix, string name) => name.StartsWith(prefix, StringComparison.Ordinal) ? name[prefix.Length..] : name;
}
