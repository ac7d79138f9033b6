using System.Security.Cryptography;
using Slipway.DockerApi;

namespace Slipway.Engine.Containers.Spec;

/// <summary>A volume that a mount needs; made when it does not exist.</summary>
/// <param name="Name">Name; 64 hexadecimal digits for an anonymous one.</param>
/// <param name="Driver">Driver asked for, <c>local</c> by default.</param>
/// <param name="Options">Driver options.</param>
/// <param name="Labels">Labels.</param>
/// <param name="Anonymous">Whether it was made without a name.</param>
public sealed record VolumeRequest(
    string Name, string Driver, IReadOnlyDictionary<string, string> Options, IReadOnlyDictionary<string, string> Labels, bool Anonymous);

/// <summary>
/// Which mounts a container has, from the five ways to ask for them: volumes of other containers, binds, structured mounts, volumes
/// of the image, and <c>--tmpfs</c> (which stays in the host configuration and only takes places here).
/// </summary>
public static class MountPlan
{
    private static readonly IReadOnlyDictionary<string, string> None = new Dictionary<string, string>();

    /// <summary>Checks all mounts and lists them, parents before children. Volumes have names but no sources yet: <see cref="ResolveAsync"/>.</summary>
    /// <param name="host">The host configuration.</param>
    /// <param name="config">The merged configuration, whose <c>Volumes</c> become anonymous volumes.</param>
    /// <param name="mountsOf">The mounts of a container by name or id, for <c>--volumes-from</c>; throws when there is no such container.</param>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> with Docker's texts.</exception>
    public static IReadOnlyList<ContainerMount> Build(HostConfig host, ContainerConfig config, Func<string, IReadOnlyList<ContainerMount>> mountsOf)
    {
        var tmpfs = TmpfsTargets(host);
        var mounts = new Dictionary<string, ContainerMount>();
        foreach (var mount in (host.VolumesFrom ?? []).SelectMany(spec => FromContainer(spec, mountsOf)))
        {
            mounts[mount.Destination] = mount;
        }

        // Two requests of this container's own may not meet; over an inherited mount they win.
        var own = new HashSet<string>(tmpfs);
        var asked = (host.Binds ?? []).Select(bind => BindSyntax.Parse(bind, host.VolumeDriver)).Concat((host.Mounts ?? []).Select(MountSyntax.Parse));
        foreach (var mount in asked)
        {
            if (!own.Add(mount.Destination))
            {
                throw EngineException.Invalid($"Duplicate mount point: {mount.Destination}");
            }

            mounts[mount.Destination] = Named(mount);
        }

        foreach (var path in config.Volumes?.Keys ?? [])
        {
            var volume = BindSyntax.Parse(path, host.VolumeDriver);
            if (!own.Contains(volume.Destination))
            {
                mounts.TryAdd(volume.Destination, Named(volume));
            }
        }

        return [.. mounts.Values.OrderBy(mount => mount.Destination.Count(c => c == '/')).ThenBy(mount => mount.Destination, StringComparer.Ordinal)];
    }

    /// <summary>Finds or makes the volumes that mounts name, after everything has been checked.</summary>
    /// <param name="mounts">From <see cref="Build"/>.</param>
    /// <param name="volume">Finds or makes a volume and gives its host path and driver.</param>
    public static async Task<IReadOnlyList<ContainerMount>> ResolveAsync(
        IReadOnlyList<ContainerMount> mounts, Func<VolumeRequest, Task<(string Mountpoint, string Driver)>> volume)
    {
        var resolved = new List<ContainerMount>(mounts.Count);
        foreach (var mount in mounts)
        {
            if (mount is not { Type: "volume", Source: "" })
            {
                resolved.Add(mount);
                continue;
            }

            var options = mount.Spec?.VolumeOptions;
            var (path, driver) = await volume(new VolumeRequest(
                mount.Name, mount.Driver, options?.DriverConfig?.Options ?? None, options?.Labels ?? None, mount.Anonymous)).ConfigureAwait(false);
            resolved.Add(mount with { Source = path, Driver = driver });
        }

        return resolved;
    }

    private static HashSet<string> TmpfsTargets(HostConfig host)
    {
        var targets = new HashSet<string>();
        foreach (var (target, options) in host.Tmpfs ?? None)
        {
            MountRules.RequireTarget(target);
            TmpfsMountOptions.Validate(options);
            if (!targets.Add(MountRules.Clean(target)))
            {
                throw EngineException.Invalid($"Duplicate mount point: {MountRules.Clean(target)}");
            }
        }

        return targets;
    }

    private static IEnumerable<ContainerMount> FromContainer(string spec, Func<string, IReadOnlyList<ContainerMount>> mountsOf)
    {
        var (name, mode) = spec.Split(':', 2) is [var first, var second] ? (first, second) : (spec, "rw");
        if (name.Length == 0)
        {
            throw EngineException.Invalid($"invalid volume specification: '{spec}'");
        }

        if (mode.Split(',').Any(option => option is not ("ro" or "rw" or "z" or "Z")) || !BindSyntax.IsMode(mode))
        {
            throw EngineException.Invalid($"invalid mode: {mode}");
        }

        var readOnly = mode.Split(',').Contains("ro");
        return mountsOf(name).Select(mount => mount with { ReadWrite = mount.ReadWrite && !readOnly });
    }

    private static ContainerMount Named(ContainerMount mount) => mount is { Type: "volume", Name: "" }
        ? mount with { Name = RandomNumberGenerator.GetHexString(64, lowercase: true), Anonymous = true } : mount;
}
