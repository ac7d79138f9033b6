using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.DockerApi;

namespace Slipway.Compose.Plan;

/// <summary>A container's mounts in the Engine API's words, anonymous volumes of its predecessor included.</summary>
internal static class MountRequest
{
    public static (List<string> Binds, List<Mount> Mounts) Of(NewContainer container)
    {
        List<string> binds = [];
        List<Mount> mounts = [];
        HashSet<string> taken = new(StringComparer.Ordinal);
        foreach (Mapping volume in container.Service.Map.Items("volumes").OfType<Mapping>())
        {
            taken.Add(volume.Text("target") ?? "");
            if (volume.Map("bind").Text("selinux") is { } label)
            {
                // Labels for SELinux have no place in a mount.
                string propagation = volume.Map("bind").Text("propagation") is { } way ? "," + way : "";
                binds.Add($"{volume.Text("source")}:{volume.Text("target")}:{(volume.Flag("read_only") ? "ro" : "rw")},{label}{propagation}");
            }
            else
            {
                mounts.Add(One(container, volume));
            }
        }

        mounts.AddRange(Files(container, "secrets", container.Project.Secrets));
        mounts.AddRange(Files(container, "configs", container.Project.Configs));
        mounts.AddRange(container.Image.Volumes.Where(v => !taken.Contains(v) && container.Inherited.ContainsKey(v))
            .Select(v => new Mount { Type = "volume", Source = container.Inherited[v], Target = v }));
        return (binds, mounts);
    }

    private static Mount One(NewContainer container, Mapping volume)
    {
        string type = volume.Text("type") ?? "volume";
        string target = volume.Text("target") ?? "";
        string? source = volume.Text("source");
        return new Mount
        {
            Type = type,
            Source = type != "volume" ? source : source is null ? container.Inherited.GetValueOrDefault(target) : container.Project.Volumes[source].Name,
            Target = target,
            ReadOnly = volume.Flag("read_only"),
            Consistency = volume.Text("consistency"),
            BindOptions = type != "bind" ? null : new BindOptions
            {
                Propagation = volume.Map("bind").Text("propagation"),
                CreateMountpoint = volume.Map("bind").Text("create_host_path") != "false",
                NonRecursive = volume.Map("bind").Text("recursive") == "disabled",
                ReadOnlyNonRecursive = volume.Map("bind").Text("recursive") == "writable",
                ReadOnlyForceRecursive = volume.Map("bind").Text("recursive") == "readonly",
            },
            VolumeOptions = volume.Map("volume") is not { Count: > 0 } options ? null : new VolumeOptions
            {
                NoCopy = options.Flag("nocopy"), Subpath = options.Text("subpath"), Labels = options.Map("labels") is null ? null : options.Pairs("labels"),
            },
            TmpfsOptions = volume.Map("tmpfs") is not { } tmpfs ? null : new TmpfsOptions { SizeBytes = tmpfs.Number("size") ?? 0, Mode = (uint)(tmpfs.Number("mode") ?? 0) },
            ImageOptions = volume.Map("image") is { Count: > 0 } image ? new ImageOptions { Subpath = image.Text("subpath") } : null,
        };
    }

    // What is a file on the host is mounted; other content is copied in before the start.
    private static IEnumerable<Mount> Files(NewContainer container, string key, IReadOnlyDictionary<string, FileModel> files)
    {
        foreach (Mapping reference in container.Service.Map.Items(key).OfType<Mapping>())
        {
            FileModel file = files[reference.Text("source")!];
            if (file.External)
            {
                throw new ComposeException(reference.At, $"{container.Service.Path}.{key}", $"unsupported external {key[..^1]} {file.Key}: only swarms keep these");
            }

            if (file.File is { } path)
            {
                yield return new Mount { Type = "bind", Source = path, Target = InjectedFile.Target(reference, key), ReadOnly = true };
            }
        }
    }
}
