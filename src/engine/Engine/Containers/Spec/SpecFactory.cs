using Slipway.DockerApi;
using Slipway.Engine.Containers.Tasks;
using Slipway.Oci;

namespace Slipway.Engine.Containers.Spec;

/// <summary>
/// Makes the runtime specification of a container: equal to what stock Docker hands to its runtime, apart from what this machine
/// cannot do. It touches nothing; devices and mounts of the host are only looked at.
/// </summary>
/// <param name="options">The engine's defaults.</param>
/// <param name="host">This machine.</param>
/// <param name="seccomp">Filters of system calls.</param>
public sealed class SpecFactory(EngineOptions options, HostFacts host, SeccompProfiles seccomp)
{
    /// <summary>Where the init program is found inside containers that ask for one.</summary>
    private const string InitPath = "/sbin/docker-init";

    /// <summary>The newest version that the oldest supported runtime (runc 1.1) accepts.</summary>
    private const string OciVersion = "1.0.2";

    private const string CompiledFilter = "run.oci.seccomp_bpf_data";

    private static readonly string[] InitPrograms = ["/usr/bin/docker-init", "/usr/libexec/docker/docker-init", "/usr/bin/tini-static", "/usr/bin/tini"];

    /// <summary>A container's cgroup: its parent, or the engine's, and its id.</summary>
    public static string CgroupPath(ContainerRecord record, EngineOptions options)
    {
        var parent = record.HostConfig.CgroupParent.Length > 0 ? record.HostConfig.CgroupParent : options.CgroupParent;
        return "/" + parent.Trim('/') + "/" + record.Id;
    }

    /// <summary>The specification of one start.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> when a device or mount source is missing or cannot do what was asked.</exception>
    public RuntimeSpec Create(SpecInputs inputs)
    {
        var (config, hostConfig) = (inputs.Record.Config, inputs.Record.HostConfig);
        MountSpecs.RequirePropagation(inputs.Mounts);
        var security = SecurityOptions.Parse(hostConfig, options);
        var init = InitProgram(hostConfig);
        var mounts = MountSpecs.Create(inputs, host);
        var linux = Linux(inputs, security);
        return new RuntimeSpec
        {
            OciVersion = OciVersion,
            Process = Process(inputs, security, init is not null),
            Root = new RootSpec { Path = inputs.RootFs, Readonly = hostConfig.ReadonlyRootfs },
            Hostname = hostConfig.UTSMode == "host" ? null : config.Hostname,
            Mounts = init is null ? mounts : [.. mounts, new MountSpec { Destination = InitPath, Type = "bind", Source = init, Options = ["bind", "ro"] }],
            Annotations = Annotations(hostConfig, linux.Seccomp),
            Linux = linux,
        };
    }

    private ProcessSpec Process(SpecInputs inputs, SecurityOptions security, bool init)
    {
        var (config, hostConfig) = (inputs.Record.Config, inputs.Record.HostConfig);
        IReadOnlyList<string> command = [inputs.Record.Path, .. inputs.Record.Args];
        return new ProcessSpec
        {
            Terminal = config.Tty,
            ConsoleSize = Console(config.Tty, hostConfig.ConsoleSize),
            User = UserOf(inputs.User),
            Args = init ? [InitPath, "--", .. command] : command,
            Env = ProcessEnvironment.Create(config, inputs.LinkVariables),
            Cwd = config.WorkingDir.Length > 0 ? config.WorkingDir : "/",
            Capabilities = CapabilitiesOf(ContainerCapabilities(hostConfig)),
            Rlimits = Limits(hostConfig),
            NoNewPrivileges = security.NoNewPrivileges,
            ApparmorProfile = AppArmor(hostConfig, security),
            // Without CAP_SYS_RESOURCE a lower score than our own is refused and would fail the start.
            OomScoreAdj = host.MayRaiseLimits ? hostConfig.OomScoreAdj : Math.Max(hostConfig.OomScoreAdj, host.OomScoreAdj),
        };
    }

    // crun takes the compiled filter in an annotation. It would believe a program that came with the container, too.
    private IReadOnlyDictionary<string, string>? Annotations(HostConfig config, SeccompSpec? filter)
    {
        var annotations = (config.Annotations ?? new Dictionary<string, string>()).Where(pair => pair.Key != CompiledFilter).ToDictionary();
        if (filter is not null && OciRuntimes.IsCrun(options.RuntimePath(config.Runtime)) && seccomp.Program(filter) is { } program)
        {
            annotations[CompiledFilter] = program;
        }

        return annotations.Count > 0 ? annotations : null;
    }

    private LinuxSpec Linux(SpecInputs inputs, SecurityOptions security)
    {
        var hostConfig = inputs.Record.HostConfig;
        var devices = DevicePlan.Build(hostConfig);
        return new LinuxSpec
        {
            Sysctl = SysctlsWithDomain(inputs.Record.Config, hostConfig),
            Resources = Limits(hostConfig, devices.Rules),
            CgroupsPath = inputs.CgroupPath,
            Namespaces = Namespaces(inputs),
            Devices = devices.Nodes.Count > 0 ? devices.Nodes : null,
            Seccomp = seccomp.Resolve(security.Seccomp, hostConfig.Privileged, ContainerCapabilities(hostConfig)),
            RootfsPropagation = MountSpecs.RootPropagation(inputs.Mounts),
            MaskedPaths = hostConfig.Privileged ? null : hostConfig.MaskedPaths ?? DefaultPaths.Masked(host),
            ReadonlyPaths = hostConfig.Privileged ? null : hostConfig.ReadonlyPaths ?? DefaultPaths.ReadOnly,
        };
    }

    // A new group has no limit of processes, and crun refuses to be told so.
    private static ResourcesSpec Limits(HostConfig config, IReadOnlyList<DeviceRule> devices)
    {
        var limits = ResourceLimits.Create(config);
        return limits with { Devices = devices, Pids = limits.Pids is { Limit: > 0 } ? limits.Pids : null };
    }

    /// <summary>Capabilities of a container's first process.</summary>
    internal IReadOnlyList<string> ContainerCapabilities(HostConfig config) =>
        CapabilitySets.Resolve(config.CapAdd, config.CapDrop, config.Privileged, host.Capabilities);

    /// <summary>Everything we hold: what a privileged exec gets.</summary>
    internal IReadOnlyList<string> AllCapabilities => host.Capabilities;

    /// <summary>Limits of a container's processes; null for none.</summary>
    internal IReadOnlyList<RlimitSpec>? Limits(HostConfig config)
    {
        var limits = UlimitRules.Resolve(config.Ulimits, options.Ulimits, host);
        return limits.Count == 0 ? null : [.. limits.Select(limit => new RlimitSpec { Type = limit.Type, Soft = limit.Soft, Hard = limit.Hard })];
    }

    /// <summary>AppArmor profile; null where the kernel has none.</summary>
    internal string? AppArmor(HostConfig config, SecurityOptions security) => !host.AppArmor || config.Privileged && security.AppArmorProfile is null
        ? null : security.AppArmorProfile is { Length: > 0 } and not "unconfined" ? security.AppArmorProfile : null;

    /// <summary>A user in the runtime's form.</summary>
    internal static UserSpec UserOf(ResolvedUser user) => new() { Uid = user.Uid, Gid = user.Gid, AdditionalGids = user.AdditionalGids };

    /// <summary>The sets of a process; inheritable stays empty, as filled it would survive execve(2) of unprivileged programs.</summary>
    internal static CapabilitiesSpec CapabilitiesOf(IReadOnlyList<string> capabilities) =>
        new() { Bounding = capabilities, Effective = capabilities, Permitted = capabilities };

    /// <summary>The initial size of a terminal; null when nobody gave one.</summary>
    internal static ConsoleSize? Console(bool tty, IReadOnlyList<uint>? size) =>
        tty && size is [> 0, > 0] ? new ConsoleSize { Height = size[0], Width = size[1] } : null;

    // runc 1.1 knows no domainname field; the parameter sets the same thing in the container's UTS namespace.
    private static IReadOnlyDictionary<string, string>? SysctlsWithDomain(ContainerConfig config, HostConfig hostConfig)
    {
        var sysctls = Sysctls.Resolve(hostConfig);
        return config.Domainname.Length == 0 || hostConfig.UTSMode == "host"
            ? sysctls : new Dictionary<string, string>(sysctls ?? new Dictionary<string, string>()) { ["kernel.domainname"] = config.Domainname };
    }

    private static List<NamespaceSpec> Namespaces(SpecInputs inputs)
    {
        var config = inputs.Record.HostConfig;
        var namespaces = new List<NamespaceSpec> { new() { Type = "mount" } };
        if (config.NetworkMode != "host" || inputs.NetworkNamespace is not null)
        {
            namespaces.Add(new NamespaceSpec { Type = "network", Path = inputs.NetworkNamespace });
        }

        if (config.UTSMode != "host")
        {
            namespaces.Add(new NamespaceSpec { Type = "uts" });
        }

        if (config.PidMode != "host")
        {
            namespaces.Add(new NamespaceSpec { Type = "pid", Path = inputs.PidNamespace });
        }

        if (config.IpcMode != "host")
        {
            namespaces.Add(new NamespaceSpec { Type = "ipc", Path = inputs.IpcNamespace });
        }

        if (config.CgroupnsMode == "private")
        {
            namespaces.Add(new NamespaceSpec { Type = "cgroup" });
        }

        return namespaces;
    }

    // Where the pid namespace is somebody else's, that somebody already has an init.
    private string? InitProgram(HostConfig config)
    {
        if (!(config.Init ?? options.Init) || config.PidMode is not ("" or "private"))
        {
            return null;
        }

        return options.InitPath is { Length: > 0 } own ? own : Array.Find(InitPrograms, File.Exists)
            ?? throw new EngineException(ErrorKind.Unavailable, "exec: \"docker-init\": executable file not found in $PATH");
    }
}
