using System.Globalization;
using Slipway.DockerApi;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Containers.Spec;

/// <summary>The mounts of a container in the runtime's form: the kernel's filesystems, then the user's and the engine's files.</summary>
internal static class MountSpecs
{
    private static readonly string[] StayWritable = ["/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue"];

    /// <summary>All mounts in the order in which they are made.</summary>
    public static IReadOnlyList<MountSpec> Create(SpecInputs inputs, HostFacts host)
    {
        var config = inputs.Record.HostConfig;
        var own = UserMounts(inputs, host);
        var taken = own.Select(mount => mount.Destination).ToHashSet();
        var ownDev = taken.Contains("/dev");
        var defaults = KernelMounts(config, host)
            .Where(mount => !taken.Contains(mount.Destination) && !(ownDev && mount.Destination.StartsWith("/dev/", StringComparison.Ordinal)))
            .Select(mount => config.ReadonlyRootfs && !StayWritable.Contains(mount.Destination) && !mount.Options!.Contains("ro")
                ? mount with { Options = [.. mount.Options!, "ro"] } : mount);
        return [.. defaults, .. own];
    }

    /// <summary>The propagation of the root mount that lets the user's mounts propagate as asked; null when none needs more than private.</summary>
    public static string? RootPropagation(IReadOnlyList<ContainerMount> mounts) =>
        mounts.Any(mount => mount.Propagation is "shared" or "rshared") ? "shared"
        : mounts.Any(mount => mount.Propagation is "slave" or "rslave") ? "rslave" : null;

    private static IEnumerable<MountSpec> KernelMounts(HostConfig config, HostFacts host)
    {
        string[] mode = config.Privileged ? [] : ["ro"];
        yield return Kernel("/proc", "proc", ["nosuid", "noexec", "nodev"]);
        yield return new MountSpec { Destination = "/dev", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "strictatime", "mode=755", "size=65536k"] };
        yield return Kernel("/dev/pts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]);
        yield return Kernel("/sys", "sysfs", ["nosuid", "noexec", "nodev", .. mode]);
        yield return Kernel("/sys/fs/cgroup", "cgroup", [.. mode, "nosuid", "noexec", "nodev"]);
        yield return Kernel("/dev/mqueue", "mqueue", ["nosuid", "noexec", "nodev"]);
        if (config.IpcMode != "none")
        {
            yield return new MountSpec
            {
                Destination = "/dev/shm", Type = "tmpfs", Source = "shm",
                Options = ["nosuid", "noexec", "nodev", "mode=1777", string.Create(CultureInfo.InvariantCulture, $"size={config.ShmSize}")],
            };
        }
    }

    private static MountSpec Kernel(string destination, string type, string[] options) =>
        new() { Destination = destination, Type = type, Source = type, Options = options };

    private static List<MountSpec> UserMounts(SpecInputs inputs, HostFacts host)
    {
        var tmpfs = (inputs.Record.HostConfig.Tmpfs ?? new Dictionary<string, string>()).Select(entry =>
            new ContainerMount { Type = "tmpfs", Destination = MountRules.Clean(entry.Key), Mode = entry.Value });
        var mounts = inputs.Mounts.Concat(tmpfs).Select(mount => UserMount(mount, host)).ToList();
        var taken = mounts.Select(mount => mount.Destination).ToHashSet();
        AddFile(inputs.ResolvConfPath, "/etc/resolv.conf");
        AddFile(inputs.HostnamePath, "/etc/hostname");
        AddFile(inputs.HostsPath, "/etc/hosts");
        var shm = inputs.Record.HostConfig.IpcMode == "host" ? "/dev/shm" : inputs.ShmPath;
        if (shm is not null && taken.Add("/dev/shm"))
        {
            mounts.Add(new MountSpec { Destination = "/dev/shm", Type = "bind", Source = shm, Options = ["rbind", "rprivate"] });
        }

        // Parents first, or a child would be covered by its parent.
        return [.. mounts.OrderBy(mount => mount.Destination.AsSpan().TrimEnd('/').Count('/'))];

        void AddFile(string? source, string destination)
        {
            if (source is not null && taken.Add(destination))
            {
                mounts.Add(new MountSpec { Destination = destination, Type = "bind", Source = source, Options = ["rbind", "rprivate"] });
            }
        }
    }

    private static MountSpec UserMount(ContainerMount mount, HostFacts host)
    {
        if (mount.Type == "tmpfs")
        {
            return new MountSpec { Destination = mount.Destination, Type = "tmpfs", Source = "tmpfs", Options = TmpfsMountOptions.Create(mount) };
        }

        var bind = mount.Spec?.BindOptions;
        var options = new List<string> { bind?.NonRecursive == true ? "bind" : "rbind" };
        if (!mount.ReadWrite)
        {
            options.Add(IsRecursivelyReadOnly(mount, host) ? "rro" : "ro");
        }

        options.Add(mount.Propagation.Length > 0 ? mount.Propagation : "rprivate");
        return new MountSpec { Destination = mount.Destination, Type = "bind", Source = mount.Source, Options = options };
    }

    // Read-only includes the mounts below, where the kernel can do it (mount_setattr(2), Linux 5.12) and nobody declined. A file has none, and
    // crun 1.8 takes it for a directory when it is asked for.
    private static bool IsRecursivelyReadOnly(ContainerMount mount, HostFacts host)
    {
        var options = mount.Spec?.BindOptions;
        var able = host.Kernel.CompareTo((5, 12)) >= 0;
        return options?.ReadOnlyForceRecursive == true && !able
            ? throw EngineException.Invalid($"mount {mount.Destination} cannot be made recursively read-only: the kernel is older than 5.12")
            : able && options is not ({ ReadOnlyNonRecursive: true } or { NonRecursive: true }) && !File.Exists(mount.Source);
    }

    /// <summary>Refuses shared and slave mounts whose source could not propagate anything.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/>.</exception>
    public static void RequirePropagation(IReadOnlyList<ContainerMount> mounts)
    {
        if (mounts.All(mount => mount.Propagation is not ("shared" or "rshared" or "slave" or "rslave")))
        {
            return;
        }

        // Of mounts on one point the last is the visible one.
        var table = Mounts.ReadMountInfo().GroupBy(entry => entry.Target).Select(entries => entries.Last()).ToList();
        foreach (var mount in mounts.Where(mount => mount.Propagation is "shared" or "rshared" or "slave" or "rslave"))
        {
            var shared = mount.Propagation.EndsWith("shared", StringComparison.Ordinal);
            var holder = table.Where(entry => Holds(entry.Target, mount.Source)).MaxBy(entry => entry.Target.Length);
            if (holder is { IsShared: false } && (shared || !holder.IsSlave))
            {
                throw EngineException.Invalid(
                    $"path {mount.Source} is mounted on {holder.Target} but it is not a {(shared ? "shared" : "shared or slave")} mount");
            }
        }
    }

    private static bool Holds(string mountPoint, string path) =>
        mountPoint == "/" || path == mountPoint || path.StartsWith(mountPoint + "/", StringComparison.Ordinal);
}
