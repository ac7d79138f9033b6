using Slipway.DockerApi;

namespace Slipway.Engine.Containers.Spec;

/// <summary>The structured form of mounts, <c>HostConfig.Mounts</c>.</summary>
internal static class MountSyntax
{
    /// <summary>Reads one mount.</summary>
    public static ContainerMount Parse(Mount mount)
    {
        MountRules.Validate(mount, requireBindSource: true);
        var source = mount.Source ?? "";
        var bind = mount.Type == "bind";
        return new ContainerMount
        {
            Type = mount.Type,
            Name = mount.Type is "volume" or "image" ? source : "",
            Source = bind ? MountRules.Clean(source) : "",
            Destination = MountRules.Clean(mount.Target!),
            Driver = mount.Type == "volume" ? "local" : "",
            ReadWrite = !mount.ReadOnly && mount.Type != "image",
            Propagation = bind ? mount.BindOptions?.Propagation is { Length: > 0 } propagation ? propagation : "rprivate" : "",
            Subpath = mount.VolumeOptions?.Subpath ?? mount.ImageOptions?.Subpath ?? "",
            NoCopy = mount.VolumeOptions?.NoCopy ?? false,
            Mode = mount.Type == "volume" ? "z" : "",
            Spec = mount,
        };
    }
}
