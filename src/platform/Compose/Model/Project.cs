using Slipway.Compose.Files;

namespace Slipway.Compose.Model;

/// <summary>An application as its files describe it: the merged document in its canonical form, and typed views of it.</summary>
public sealed class Project
{
    /// <summary>Makes a project.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="directory">Absolute path of its directory.</param>
    /// <param name="files">Absolute paths of its files.</param>
    /// <param name="document">The merged document.</param>
    public Project(string name, string directory, IReadOnlyList<string> files, Mapping document)
    {
        (Name, Directory, Files, Document) = (name, directory, files, document);
        Services = Views("services", (key, map) => new Service(key, map));
        Networks = Views("networks", (key, map) => new NetworkModel(key, map));
        Volumes = Views("volumes", (key, map) => new VolumeModel(key, map));
        Secrets = Views("secrets", (key, map) => new FileModel(key, map));
        Configs = Views("configs", (key, map) => new FileModel(key, map));
    }

    /// <summary>Name of the project.</summary>
    public string Name { get; }

    /// <summary>Absolute path of its directory.</summary>
    public string Directory { get; }

    /// <summary>Absolute paths of its files.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>The merged document in its canonical form.</summary>
    public Mapping Document { get; }

    /// <summary>Variables that the files were read with.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>What stands between the parts of names of containers and images.</summary>
    public string Separator { get; init; } = "-";

    /// <summary>Services by name, those of inactive profiles included.</summary>
    public IReadOnlyDictionary<string, Service> Services { get; }

    /// <summary>Names of the services whose profiles are active.</summary>
    public IReadOnlySet<string> Enabled { get; init; } = new HashSet<string>();

    /// <summary>Networks by their key.</summary>
    public IReadOnlyDictionary<string, NetworkModel> Networks { get; }

    /// <summary>Volumes by their key.</summary>
    public IReadOnlyDictionary<string, VolumeModel> Volumes { get; }

    /// <summary>Secrets by their key.</summary>
    public IReadOnlyDictionary<string, FileModel> Secrets { get; }

    /// <summary>Configs by their key.</summary>
    public IReadOnlyDictionary<string, FileModel> Configs { get; }

    /// <summary>The service of a name.</summary>
    /// <exception cref="ComposeException">There is none.</exception>
    public Service Service(string name) => Services.TryGetValue(name, out Service? service) ? service
        : throw new ComposeException($"no such service: {name}" + (NearestKey.Of(name, Services.Keys) is { } near ? $"; did you mean \"{near}\"?" : ""));

    private Dictionary<string, T> Views<T>(string group, Func<string, Mapping, T> make) => Document.Map(group)?.Entries
        .Where(e => e.Value is Mapping).ToDictionary(e => e.Key, e => make(e.Key, (Mapping)e.Value), StringComparer.Ordinal) ?? [];
}
