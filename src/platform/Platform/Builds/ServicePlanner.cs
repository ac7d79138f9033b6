using System.Security.Cryptography;
using System.Text;
using Slipway.Compose.Actions;
using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;
using Slipway.Platform.Model;
using Project = Slipway.Compose.Model.Project;

namespace Slipway.Platform.Builds;

/// <summary>A part of the source that a service mounts; it becomes part of its image, since the engine may be on another machine.</summary>
/// <param name="Path">Path in the source; empty for all of it.</param>
/// <param name="Target">Absolute path in the container.</param>
internal sealed record MountedSource(string Path, string Target);

/// <summary>A service as it is to run, before its image is known.</summary>
/// <param name="Service">The service with everything in it that is ours to decide.</param>
/// <param name="Sources">What of the source goes into its image.</param>
internal sealed record PlannedService(Service Service, IReadOnlyList<MountedSource> Sources);

/// <summary>
/// Turns services of a Compose file into the platform's: names of volumes and networks are the application's own whatever the file says,
/// directories of the source become part of the image, and other directories become volumes. Pure but for looking whether files exist.
/// </summary>
/// <param name="project">The file.</param>
/// <param name="app">The application.</param>
/// <param name="root">Directory of the source.</param>
internal sealed class ServicePlanner(Project project, App app, string root)
{
    private static readonly string[] s_ignored = ["container_name", "develop", "env_file", "label_file", "links", "restart", "scale", "profiles", "attach"];

    /// <summary>Prefix of the names of everything that an application has on an engine beside its containers.</summary>
    internal static string PrefixOf(App app) => $"slipway-{app.Id[..8]}-";

    /// <summary>The services that take part, each after those that it needs.</summary>
    /// <exception cref="PlatformException">One asks for what the platform does not serve.</exception>
    internal IReadOnlyList<PlannedService> Plan()
    {
        UnservedKeys.Check(project);
        return [.. DependencyOrder.With(project, project.Enabled, dependencies: true).Select(Plan)];
    }

    /// <summary>The file with the names that things have on the engine.</summary>
    internal Project Named(Service service)
    {
        var document = project.Document.Copy().Set("services", new Mapping(project.Document.At).Set(service.Name, service.Map));
        foreach (var group in (string[])["networks", "volumes"])
        {
            var names = new Mapping(project.Document.At);
            foreach (var entry in (project.Document.Map(group)?.Entries ?? []).Where(entry => entry.Value is Mapping))
            {
                names.Set(entry.Key, ((Mapping)entry.Value).Copy().Set("name", PrefixOf(app) + entry.Key, entry.At));
            }

            foreach (var volume in group != "volumes" ? [] : service.Map.Items("volumes").OfType<Mapping>().Where(mount => mount.Text("type") == "volume").Select(mount => mount.Text("source")!).Where(source => !names.Has(source)))
            {
                names.Set(volume, new Mapping(project.Document.At).Set("name", PrefixOf(app) + volume, project.Document.At));
            }

            document.Set(group, names);
        }

        return new Project(project.Name, project.Directory, [], document) { Enabled = project.Enabled, Variables = project.Variables };
    }

    /// <summary>What an engine is told of a service.</summary>
    /// <param name="service">The service.</param>
    /// <param name="image">Its image.</param>
    /// <param name="routed">Whether the proxy leads to it; then nobody else's volumes of the image are kept.</param>
    internal ServiceSpec SpecOf(Service service, ImageFacts image, bool routed)
    {
        var kept = routed ? service : WithImageVolumes(service, image);
        var named = Named(kept);
        var request = ContainerRequest.Of(new NewContainer(named, kept, "", 1, "", image));
        return new ServiceSpec
        {
            Request = request with
            {
                Labels = request.Labels?.Where(label => !label.Key.StartsWith("slipway.", StringComparison.Ordinal) && !label.Key.StartsWith("com.docker.compose.", StringComparison.Ordinal)).ToDictionary(),
                HostConfig = request.HostConfig! with { RestartPolicy = RestartOf(service, request.HostConfig.RestartPolicy) },
            },
            Networks = [.. service.NetworkKeys.Select(key => EnsureResources.Request(named, named.Networks[key]) with { Labels = new Dictionary<string, string>() })],
            Files = [.. InjectedFile.Of(named, kept).Select(file => new SpecFile(file.Path, file.Content, file.Mode, file.Uid, file.Gid))],
        };
    }

    /// <summary>What decides whether a container may stay.</summary>
    internal static string FingerprintOf(Service service, ServiceSpec spec, string imageId, bool routed)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{ConfigHash.Of(service)}\n{imageId}\n{routed}\n"));
        foreach (var file in spec.Files)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{file.Path}\n{Convert.ToHexString(SHA256.HashData(file.Content))}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Whether two of a service cannot run beside each other, or should not.</summary>
    internal static bool IsInPlace(Service service, bool routed)
    {
        var map = service.Map;
        return map.Items("volumes").OfType<Mapping>().Any(mount => mount.Text("type") == "volume" && !mount.Flag("read_only"))
            || map.Items("ports").OfType<Mapping>().Any(port => port.Text("published") is { Length: > 0 })
            || map.Has("mac_address") || (map.Map("networks")?.Entries ?? []).Any(entry => entry.Value is Mapping endpoint && (endpoint.Has("ipv4_address") || endpoint.Has("ipv6_address") || endpoint.Has("mac_address")))
            || (!routed && !service.Update.StartFirst);
    }

    /// <summary>Whether a service's containers may end: its file says that they are not started again.</summary>
    internal static bool MayEnd(ServiceSpec spec) => spec.Request.HostConfig!.RestartPolicy?.Name is "no" or "on-failure";

    private static RestartPolicy RestartOf(Service service, RestartPolicy? written) =>
        service.Map.Text("restart") is { } text ? new RestartPolicy { Name = text.Split(':')[0], MaximumRetryCount = text.Split(':') is [_, var most] && int.TryParse(most, out var number) ? number : 0 }
        : written is { Name.Length: > 0 } ? written : new RestartPolicy { Name = "unless-stopped" };

    private PlannedService Plan(Service service)
    {
        var map = service.Map.Copy();
        List<MountedSource> sources = [];
        var mounts = new List<Node>();
        foreach (var mount in map.Items("volumes").OfType<Mapping>())
        {
            if (Mounted(service, mount, sources) is { } volume)
            {
                mounts.Add(volume);
            }
        }

        if (map.Has("volumes"))
        {
            map.Set("volumes", new Sequence(map["volumes"]!.At, mounts));
        }

        foreach (var (key, files) in ((string, IReadOnlyDictionary<string, FileModel>)[])[("secrets", project.Secrets), ("configs", project.Configs)])
        {
            Files(map, key, files, sources);
        }

        return new PlannedService(new Service(service.Name, map), sources);
    }

    // The keys that decide nothing about a container of ours stay out of its hash.
    internal static Service Essential(Service service)
    {
        var map = service.Map.Copy();
        foreach (var key in s_ignored)
        {
            map.Remove(key);
        }

        return new Service(service.Name, map.Remove("image"));
    }

    private Mapping? Mounted(Service service, Mapping mount, List<MountedSource> sources)
    {
        switch (mount.Text("type"))
        {
            case "bind" when Find(mount.Text("source")!) is { } path:
                sources.Add(new MountedSource(path, mount.Text("target")!));
                return null;
            case "bind":
                return Volume(mount, Slug(Path.GetRelativePath(project.Directory, mount.Text("source")!)));
            case "volume" when mount.Text("source") is null:
                return Volume(mount, Slug(service.Name + "/" + mount.Text("target")));
            case "volume" or "tmpfs" or "image":
                return mount;
            case var other:
                throw UnservedKeys.Fault($"{service.Path}.volumes", mount, $"mounts of type {other} are not available for applications of the platform");
        }
    }

    private static Mapping Volume(Mapping mount, string name)
    {
        var volume = new Mapping(mount.At).Set("type", "volume", mount.At).Set("source", name, mount.At).Set("target", mount["target"]!);
        return mount["read_only"] is { } only ? volume.Set("read_only", only) : volume;
    }

    // Where an image wants to keep something, it is kept; as what, nobody has said.
    private static Service WithImageVolumes(Service service, ImageFacts image)
    {
        var mounts = service.Map.Items("volumes").ToList();
        var taken = mounts.OfType<Mapping>().Select(mount => mount.Text("target")).Concat(service.Map.Texts("tmpfs").Select(text => text.Split(':')[0])).ToHashSet(StringComparer.Ordinal);
        foreach (var path in image.Volumes.Where(path => !taken.Contains(path)))
        {
            mounts.Add(new Mapping(service.At).Set("type", "volume", service.At).Set("source", Slug(service.Name + "/" + path), service.At).Set("target", path, service.At));
        }

        return mounts.Count == 0 ? service : new Service(service.Name, service.Map.Copy().Set("volumes", new Sequence(service.At, mounts)));
    }

    // Files of the source become part of the image; what has a content of its own is put into each container.
    private void Files(Mapping map, string key, IReadOnlyDictionary<string, FileModel> files, List<MountedSource> sources)
    {
        var others = new List<Node>();
        foreach (var reference in map.Items(key).OfType<Mapping>())
        {
            if (files.GetValueOrDefault(reference.Text("source") ?? "")?.File is { } file)
            {
                var target = reference.Text("target") ?? reference.Text("source")!;
                sources.Add(new MountedSource(
                    Find(file) ?? throw ComposeReader.Wrap(new Slipway.Compose.ComposeException(reference.At, key, $"{file}: no such file"), root),
                    target.StartsWith('/') ? target : key == "secrets" ? "/run/secrets/" + target : "/" + target));
            }
            else
            {
                others.Add(reference);
            }
        }

        if (map.Has(key))
        {
            map.Set(key, new Sequence(map[key]!.At, others));
        }
    }

    /// <summary>The path in the source of something that is there; null if it is not. That it is inside was checked when the file was read.</summary>
    internal string? Find(string path)
    {
        var (real, top) = (FileGate.Real(path), FileGate.Real(root));
        return !File.Exists(real) && !Directory.Exists(real) ? null
            : real == top ? "" : real.StartsWith(top + "/", StringComparison.Ordinal) ? real[(top.Length + 1)..] : null;
    }

    private static string Slug(string path) => string.Concat(path.Trim('/').Select(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-' or '.' ? character : character == '/' ? '.' : '_'));
}
