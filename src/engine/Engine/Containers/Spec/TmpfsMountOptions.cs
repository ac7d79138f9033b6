using System.Globalization;

namespace Slipway.Engine.Containers.Spec;

/// <summary>Mount options of tmpfs mounts, tmpfs(5).</summary>
internal static class TmpfsMountOptions
{
    private static readonly string[] Flags =
    [
        "async", "atime", "bind", "defaults", "dev", "diratime", "dirsync", "exec", "iversion", "lazytime", "mand", "noatime", "nodev",
        "nodiratime", "noexec", "noiversion", "nolazytime", "nomand", "norelatime", "nostrictatime", "nosuid", "private", "rbind", "relatime",
        "remount", "ro", "rprivate", "rshared", "rslave", "runbindable", "rw", "shared", "silent", "slave", "strictatime", "suid", "sync", "unbindable",
    ];

    private static readonly string[] Keys = ["mode", "gid", "uid", "size", "nr_inodes", "nr_blocks", "mpol", "huge", "noswap"];

    /// <summary>Refuses options of the short syntax (<c>rw,size=64k</c>) that tmpfs does not have.</summary>
    public static void Validate(string options)
    {
        foreach (var option in Split(options))
        {
            var key = option.Split('=', 2)[0];
            if (!(option == key && Flags.Contains(key)) && !Keys.Contains(key))
            {
                throw EngineException.Invalid($"invalid tmpfs option [\"{option}\"]");
            }
        }
    }

    /// <summary>The options of a mount: closed defaults, opened or extended by what was asked; of contradicting ones the last wins.</summary>
    public static IReadOnlyList<string> Create(ContainerMount mount)
    {
        var asked = mount.Spec?.TmpfsOptions is { } spec ? FromSpec(spec, mount) : Split(mount.Mode);
        var result = new List<string> { "noexec", "nosuid", "nodev", "rprivate" };
        foreach (var option in asked)
        {
            var key = option.Split('=', 2)[0];
            result.RemoveAll(other => other.Split('=', 2)[0] == key || other == Opposite(option));
            result.Add(option);
        }

        return result;
    }

    private static IEnumerable<string> FromSpec(DockerApi.TmpfsOptions spec, ContainerMount mount)
    {
        if (!mount.ReadWrite)
        {
            yield return "ro";
        }

        if (spec.Mode != 0)
        {
            yield return "mode=" + Convert.ToString(spec.Mode, 8);
        }

        if (spec.SizeBytes != 0)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"size={spec.SizeBytes}");
        }

        foreach (var option in spec.Options ?? [])
        {
            yield return string.Join('=', option);
        }
    }

    private static string Opposite(string option) => option switch
    {
        "ro" => "rw", "rw" => "ro",
        "exec" => "noexec", "suid" => "nosuid", "dev" => "nodev", "noexec" => "exec", "nosuid" => "suid", "nodev" => "dev",
        _ => "",
    };

    private static string[] Split(string options) => options.Split(',', StringSplitOptions.RemoveEmptyEntries);
}
