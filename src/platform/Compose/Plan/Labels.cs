using System.Globalization;
using Slipway.Compose.Model;

namespace Slipway.Compose.Plan;

/// <summary>Labels by which Docker Compose v2 recognises what belongs to a project.</summary>
public static class Labels
{
    /// <summary>Name of the project.</summary>
    public const string Project = "com.docker.compose.project";

    /// <summary>Name of the service.</summary>
    public const string Service = "com.docker.compose.service";

    /// <summary>Number of a container of its service, from 1.</summary>
    public const string Number = "com.docker.compose.container-number";

    /// <summary>Hash of the service's configuration.</summary>
    public const string Hash = "com.docker.compose.config-hash";

    /// <summary>Whether <c>run</c> made it: <c>True</c> or <c>False</c>.</summary>
    public const string OneOff = "com.docker.compose.oneoff";

    /// <summary>Project directory.</summary>
    public const string WorkingDirectory = "com.docker.compose.project.working_dir";

    /// <summary>Files, separated by commas.</summary>
    public const string Files = "com.docker.compose.project.config_files";

    /// <summary>Dependencies: <c>name:condition:restart</c>, separated by commas.</summary>
    public const string DependsOn = "com.docker.compose.depends_on";

    /// <summary>Digest of the image.</summary>
    public const string Image = "com.docker.compose.image";

    /// <summary>Version of Compose whose labels these are.</summary>
    public const string Version = "com.docker.compose.version";

    /// <summary>Name of the container that this one takes the place of.</summary>
    public const string Replace = "com.docker.compose.replace";

    /// <summary>Key of a network.</summary>
    public const string Network = "com.docker.compose.network";

    /// <summary>Key of a volume.</summary>
    public const string Volume = "com.docker.compose.volume";

    /// <summary>Name of a one-off container's random part.</summary>
    public const string Slug = "com.docker.compose.slug";

    /// <summary>The version whose labels and hashes are written.</summary>
    public const string CompatibleVersion = "2.26.1";

    /// <summary>Labels of a container.</summary>
    internal static Dictionary<string, string> Container(Project project, Service service, int number, string hash, string imageId)
    {
        Dictionary<string, string> labels = new(service.Labels, StringComparer.Ordinal)
        {
            [Project] = project.Name,
            [Service] = service.Name,
            [Number] = number.ToString(CultureInfo.InvariantCulture),
            [Hash] = hash,
            [OneOff] = "False",
            [WorkingDirectory] = project.Directory,
            [Files] = string.Join(',', project.Files),
            [Image] = imageId,
            [Version] = CompatibleVersion,
            [DependsOn] = string.Join(',', service.DependsOn.OrderBy(d => d.Service, StringComparer.Ordinal)
                .Select(d => $"{d.Service}:{d.Condition}:{(d.Restart ? "true" : "false")}")),
        };
        return labels;
    }

    /// <summary>Labels of a network or a volume.</summary>
    internal static Dictionary<string, string> Resource(Project project, string kind, string key, IReadOnlyDictionary<string, string> own) => new(own, StringComparer.Ordinal)
    {
        [kind] = key,
        [Project] = project.Name,
        [Version] = CompatibleVersion,
    };
}
