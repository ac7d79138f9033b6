using System.Collections.Concurrent;
using System.Text.Json;
using Slipway.Oci;

namespace Slipway.Engine.Containers.Spec;

/// <summary>
/// Seccomp profiles in the form that the runtime takes. Compiling the filter is what the runtime spends most of a container's start
/// on, so the built-in profile is emitted in few rules and only for processors that this kernel can run: on x86-64 without the x32
/// ABI (which costs as much again, and which no supported distribution's kernel has; its calls then kill the caller).
/// </summary>
public sealed class SeccompProfiles
{
    private const int MostCached = 64;
    private const uint NotPermitted = 1;
    private const uint NoSystemCall = 38;
    private const string Allow = "SCMP_ACT_ALLOW";

    private readonly HostFacts _host;
    private readonly string _architecture;
    private readonly DockerSeccompProfile? _engineProfile;
    private readonly bool _unconfinedByDefault;
    private readonly ConcurrentDictionary<string, SeccompSpec> _builtIn = new();
    private readonly SeccompPrograms _programs = new();

    /// <summary>Reads the engine's default profile, if it has one of its own.</summary>
    /// <param name="host">This machine.</param>
    /// <param name="engineProfile"><see cref="EngineOptions.SeccompProfile"/>: a path, <c>builtin</c> or <c>unconfined</c>.</param>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> when the file is no profile.</exception>
    public SeccompProfiles(HostFacts host, string engineProfile)
    {
        _host = host;
        _architecture = Platform.Host.Architecture;
        _unconfinedByDefault = engineProfile == "unconfined";
        _engineProfile = engineProfile is "unconfined" or "builtin" or "default" or "" ? null : ParseProfile(File.ReadAllText(engineProfile));
    }

    /// <summary>The filter of a container with these capabilities; null for none.</summary>
    /// <param name="asked">From <see cref="SecurityOptions.Seccomp"/>.</param>
    /// <param name="privileged">Privileged containers are only filtered when a profile is asked for.</param>
    /// <param name="capabilities">Capabilities of the container, which allow further calls.</param>
    public SeccompSpec? Resolve(string? asked, bool privileged, IReadOnlyList<string> capabilities) => asked switch
    {
        "unconfined" => null,
        null or "" when privileged || (_unconfinedByDefault && asked is null) => null,
        "builtin" => BuiltIn(capabilities),
        null or "" => _engineProfile is null ? BuiltIn(capabilities) : SeccompConditions.Apply(_engineProfile, capabilities, _architecture, _host.Kernel),
        _ => SeccompConditions.Apply(ParseProfile(asked), capabilities, _architecture, _host.Kernel),
    };

    /// <summary>The compiled filter in base64, or null when the runtime has to compile it. Profiles given with a container are not kept.</summary>
    public string? Program(SeccompSpec profile) => _builtIn.Values.Contains(profile) ? _programs.Find(profile) : null;

    /// <summary>Reads a profile in Docker's JSON form.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> with what is wrong.</exception>
    public static DockerSeccompProfile ParseProfile(string json)
    {
        try
        {
            var profile = JsonSerializer.Deserialize(json, SeccompJson.Default.DockerSeccompProfile) ?? throw new JsonException("the profile is null");
            SeccompConditions.Validate(profile);
            return profile;
        }
        catch (JsonException e)
        {
            throw EngineException.Invalid("Decoding seccomp profile failed: " + e.Message, e);
        }
    }

    /// <summary>Docker's default profile for a container with these capabilities.</summary>
    public SeccompSpec BuiltIn(IReadOnlyList<string> capabilities)
    {
        var relevant = SeccompRules.ByCapability.Where(rule => capabilities.Contains(rule.Capability)).Select(rule => rule.Capability);
        var key = string.Join(' ', relevant);
        if (_builtIn.TryGetValue(key, out var known))
        {
            return known;
        }

        if (_builtIn.Count >= MostCached)
        {
            _builtIn.Clear();
        }

        return _builtIn[key] = Build(capabilities);
    }

    private SeccompSpec Build(IReadOnlyList<string> capabilities)
    {
        var admin = capabilities.Contains("CAP_SYS_ADMIN");
        var rules = new List<SeccompRule> { new() { Names = AllowedCalls(capabilities), Action = Allow } };
        rules.Add(Masked("socket", 0, SeccompRules.FamiliesBelow, null));
        rules.AddRange(SeccompRules.FamilyCover.Select(cover => Masked("socket", 0, ~cover.Any, cover.Value & ~cover.Any)));
        rules.AddRange(SeccompRules.Personalities.Select(value => new SeccompRule
        {
            Names = ["personality"], Action = Allow, Args = [new SeccompArg { Index = 0, Value = value, Op = "SCMP_CMP_EQ" }],
        }));
        if (!admin)
        {
            // The flags of clone(2) are its second argument on s390.
            rules.Add(Masked("clone", _architecture == "s390x" ? 1u : 0u, SeccompRules.NamespaceFlags, 0));
            // Its flags lie in memory, where a filter cannot look; libraries fall back to clone(2).
            rules.Add(new SeccompRule { Names = ["clone3"], Action = "SCMP_ACT_ERRNO", ErrnoRet = NoSystemCall });
        }

        return new SeccompSpec
        {
            DefaultAction = "SCMP_ACT_ERRNO", DefaultErrnoRet = NotPermitted, Architectures = Architectures(), Syscalls = rules,
        };
    }

    private static SeccompRule Masked(string call, uint argument, ulong maskOrBound, ulong? value) => new()
    {
        Names = [call],
        Action = Allow,
        Args =
        [
            value is { } wanted
                ? new SeccompArg { Index = argument, Value = maskOrBound, ValueTwo = wanted, Op = "SCMP_CMP_MASKED_EQ" }
                : new SeccompArg { Index = argument, Value = maskOrBound, Op = "SCMP_CMP_LT" },
        ],
    };

    private string[] AllowedCalls(IReadOnlyList<string> capabilities)
    {
        IEnumerable<string> groups =
        [
            SeccompRules.Files, SeccompRules.Waiting, SeccompRules.Sockets, SeccompRules.Memory, SeccompRules.Processes,
            _host.Kernel.CompareTo((4, 8)) >= 0 ? SeccompRules.SinceTracersAreFiltered : "",
            .. SeccompRules.ByArchitecture.Where(rule => rule.Architectures.Split(' ').Contains(_architecture)).Select(rule => rule.Calls),
            .. SeccompRules.ByCapability.Where(rule => capabilities.Contains(rule.Capability)).Select(rule => rule.Calls),
        ];
        return [.. groups.SelectMany(group => group.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Distinct()];
    }

    private IReadOnlyList<string> Architectures() => _architecture switch
    {
        "amd64" => _host.RunsX86 ? ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] : ["SCMP_ARCH_X86_64"],
        _ => SeccompConditions.NativeWithCompatible(_architecture),
    };
}
