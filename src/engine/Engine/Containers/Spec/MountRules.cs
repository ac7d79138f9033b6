using Slipway.DockerApi;

namespace Slipway.Engine.Containers.Spec;

/// <summary>What a mount may say.</summary>
internal static class MountRules
{
    private static readonly string[] Propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

    /// <summary>Refuses mounts without a meaning.</summary>
    /// <param name="mount">The mount.</param>
    /// <param name="requireBindSource">Whether a bind's source must exist already; the short notation makes it at the start.</param>
    public static void Validate(Mount mount, bool requireBindSource)
    {
        try
        {
            ValidateFields(mount);
            RequireTarget(mount.Target!);
            switch (mount.Type)
            {
                case "bind":
                    ValidateBind(mount, requireBindSource);
                    break;
                case "volume":
                    ValidateVolume(mount);
                    break;
                case "image":
                    RequireLocal(mount.ImageOptions?.Subpath, "subpath must be a relative path within the image");
                    break;
                default:
                    ValidateTmpfs(mount);
                    break;
            }
        }
        catch (EngineException e)
        {
            throw new EngineException(e.Kind, $"invalid mount config for type \"{mount.Type}\": {e.Message}", e);
        }
    }

    /// <summary>Refuses targets that are relative or the root itself.</summary>
    public static void RequireTarget(string target)
    {
        Require(target.StartsWith('/') && !target.Contains('\0', StringComparison.Ordinal), $"invalid mount path: '{target}' mount path must be absolute");
        Require(Clean(target) != "/", "invalid specification: destination can't be '/'");
    }

    /// <summary>Refuses volume drivers that there are not.</summary>
    public static void RequireDriver(string driver)
    {
        if (driver is not ("" or "local"))
        {
            throw EngineException.NotFound($"error looking up volume plugin {driver}: plugin \"{driver}\" not found");
        }
    }

    /// <summary>An absolute path without <c>.</c>, <c>..</c> and doubled slashes, by text alone.</summary>
    public static string Clean(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 0)
            {
                parts.RemoveAt(parts.Count - 1);
            }
            else if (part is not ("." or ".."))
            {
                parts.Add(part);
            }
        }

        return "/" + string.Join('/', parts);
    }

    private static void ValidateFields(Mount mount)
    {
        Require(mount.Type is "bind" or "volume" or "tmpfs" or "image", "mount type unknown");
        Require(!string.IsNullOrEmpty(mount.Target), "field Target must not be empty");
        Require(mount.BindOptions is null || mount.Type == "bind", "field BindOptions must not be specified");
        Require(mount.VolumeOptions is null || mount.Type == "volume", "field VolumeOptions must not be specified");
        Require(mount.TmpfsOptions is null || mount.Type == "tmpfs", "field TmpfsOptions must not be specified");
        Require(mount.ImageOptions is null || mount.Type == "image", "field ImageOptions must not be specified");
        Require(!string.IsNullOrEmpty(mount.Source) || mount.Type is "volume" or "tmpfs", "field Source must not be empty");
        Require(string.IsNullOrEmpty(mount.Source) || mount.Type != "tmpfs", "field Source must not be specified");
    }

    private static void ValidateBind(Mount mount, bool requireSource)
    {
        var options = mount.BindOptions;
        var source = mount.Source!;
        Require(string.IsNullOrEmpty(options?.Propagation) || Propagations.Contains(options.Propagation), $"invalid propagation mode: {options?.Propagation}");
        Require(source.StartsWith('/') && !source.Contains('\0', StringComparison.Ordinal), $"invalid mount path: '{source}' mount path must be absolute");
        Require(!requireSource || options?.CreateMountpoint == true || Path.Exists(source), $"bind source path does not exist: {source}");
        if (options is { ReadOnlyNonRecursive: true } or { ReadOnlyForceRecursive: true })
        {
            Require(mount.ReadOnly, "mount options conflict: ReadOnlyNonRecursive and ReadOnlyForceRecursive need a read-only mount");
            Require(!(options.ReadOnlyNonRecursive && options.ReadOnlyForceRecursive), "mount options conflict: !ReadOnlyNonRecursive && ReadOnlyForceRecursive");
            Require(!options.ReadOnlyForceRecursive || options.Propagation == "rprivate", "mount options conflict: ReadOnlyForceRecursive requires rprivate propagation");
        }
    }

    private static void ValidateVolume(Mount mount)
    {
        var name = mount.Source ?? "";
        var subpath = mount.VolumeOptions?.Subpath;
        if (name.Length == 0)
        {
            Require(!mount.ReadOnly, "must not set ReadOnly mode when using anonymous volumes");
            Require(string.IsNullOrEmpty(subpath), "must not set Subpath when using anonymous volumes");
        }
        else
        {
            RequireVolumeName(name);
        }

        RequireLocal(subpath, "subpath must be a relative path within the volume");
        RequireDriver(mount.VolumeOptions?.DriverConfig?.Name ?? "");
    }

    private static void RequireVolumeName(string name)
    {
        Require(name.Length > 1, "volume name is too short, names should be at least two alphanumeric characters");
        Require(name.Length <= 255 && char.IsAsciiLetterOrDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-'),
            $"\"{name}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. "
            + "If you intended to pass a host directory, use absolute path");
    }

    private static void ValidateTmpfs(Mount mount)
    {
        if (mount.TmpfsOptions is not { } options)
        {
            return;
        }

        Require(options.SizeBytes >= 0, "invalid tmpfs size");
        foreach (var option in options.Options ?? [])
        {
            Require(option.Count is 1 or 2 && option.All(text => text.Length > 0 && !text.Contains(',', StringComparison.Ordinal)), "invalid option array length");
            TmpfsMountOptions.Validate(string.Join('=', option));
        }
    }

    private static void RequireLocal(string? subpath, string message) =>
        Require(string.IsNullOrEmpty(subpath) || (!subpath.StartsWith('/') && !subpath.Split('/').Contains("..") && !subpath.Contains('\0', StringComparison.Ordinal)), message);

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw EngineException.Invalid(message);
        }
    }
}
