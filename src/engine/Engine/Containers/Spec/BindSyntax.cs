using Slipway.DockerApi;

namespace Slipway.Engine.Containers.Spec;

/// <summary>The short notation of mounts: <c>[source:]destination[:options]</c>.</summary>
internal static class BindSyntax
{
    // At most one of each line may be given.
    private static readonly string[][] Choices =
    [
        ["ro", "rw"],
        ["z", "Z"],
        ["private", "rprivate", "shared", "rshared", "slave", "rslave"],
        ["nocopy", "copy"],
        ["consistent", "cached", "delegated"],
    ];

    /// <summary>Whether a text is a list of mount options without contradictions.</summary>
    public static bool IsMode(string mode)
    {
        if (mode.Length == 0)
        {
            return true;
        }

        var options = mode.Split(',');
        return options.All(option => Choices.Any(choice => choice.Contains(option)))
            && Choices.All(choice => options.Count(choice.Contains) <= 1);
    }

    /// <summary>Reads one mount.</summary>
    public static ContainerMount Parse(string spec, string volumeDriver)
    {
        var parts = spec.Split(':');
        if (parts.Length > 3 || parts[0].Length == 0 || (parts.Length == 2 && IsMode(parts[1])))
        {
            throw EngineException.Invalid($"invalid volume specification: '{spec}'");
        }

        var mode = parts.Length == 3 ? parts[2] : "";
        if (!IsMode(mode))
        {
            throw EngineException.Invalid($"invalid mode: {mode}");
        }

        try
        {
            return Create(parts.Length == 1 ? "" : parts[0], parts.Length == 1 ? parts[0] : parts[1], mode, volumeDriver);
        }
        catch (EngineException e)
        {
            throw new EngineException(e.Kind, $"invalid volume specification: '{spec}': {e.Message}", e);
        }
    }

    private static ContainerMount Create(string source, string destination, string mode, string volumeDriver)
    {
        var options = mode.Split(',');
        var bind = source.StartsWith('/');
        var mount = new Mount { Type = bind ? "bind" : "volume", Source = source, Target = destination };
        MountRules.Validate(mount, requireBindSource: false);
        if (!bind)
        {
            MountRules.RequireDriver(volumeDriver);
        }

        return new ContainerMount
        {
            Type = mount.Type,
            Name = bind ? "" : source,
            Source = bind ? MountRules.Clean(source) : "",
            Destination = MountRules.Clean(destination),
            Driver = bind ? "" : "local",
            Mode = mode,
            ReadWrite = !options.Contains("ro"),
            Propagation = bind ? options.FirstOrDefault(Choices[2].Contains) ?? "rprivate" : "",
            NoCopy = options.Contains("nocopy"),
        };
    }
}
