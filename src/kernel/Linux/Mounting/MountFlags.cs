namespace Slipway.Linux;

/// <summary>MS_* of mount(2).</summary>
public static class MountFlags
{
    /// <summary>MS_RDONLY</summary>
    public const ulong ReadOnly = 1;
    /// <summary>MS_NOSUID</summary>
    public const ulong NoSuid = 2;
    /// <summary>MS_NODEV</summary>
    public const ulong NoDev = 4;
    /// <summary>MS_NOEXEC</summary>
    public const ulong NoExec = 8;
    /// <summary>MS_SYNCHRONOUS</summary>
    public const ulong Synchronous = 16;
    /// <summary>MS_REMOUNT</summary>
    public const ulong Remount = 32;
    /// <summary>MS_MANDLOCK</summary>
    public const ulong MandatoryLocks = 64;
    /// <summary>MS_DIRSYNC</summary>
    public const ulong DirSync = 128;
    /// <summary>MS_NOATIME</summary>
    public const ulong NoATime = 1024;
    /// <summary>MS_NODIRATIME</summary>
    public const ulong NoDirATime = 2048;
    /// <summary>MS_BIND</summary>
    public const ulong Bind = 4096;
    /// <summary>MS_MOVE</summary>
    public const ulong Move = 8192;
    /// <summary>MS_REC</summary>
    public const ulong Recursive = 16384;
    /// <summary>MS_SILENT</summary>
    public const ulong Silent = 32768;
    /// <summary>MS_UNBINDABLE</summary>
    public const ulong Unbindable = 1 << 17;
    /// <summary>MS_PRIVATE</summary>
    public const ulong Private = 1 << 18;
    /// <summary>MS_SLAVE</summary>
    public const ulong Slave = 1 << 19;
    /// <summary>MS_SHARED</summary>
    public const ulong Shared = 1 << 20;
    /// <summary>MS_RELATIME</summary>
    public const ulong RelATime = 1 << 21;
    /// <summary>MS_STRICTATIME</summary>
    public const ulong StrictATime = 1 << 24;
    /// <summary>MS_LAZYTIME</summary>
    public const ulong LazyTime = 1 << 25;
}

/// <summary>mount(8) options split into what mount(2) takes as flags and what the file system takes as text.</summary>
/// <param name="Flags">MS_* bits.</param>
/// <param name="Propagation">MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE with MS_REC, or 0; needs a mount(2) of its own.</param>
/// <param name="Data">The rest, comma separated.</param>
public readonly record struct MountOptions(ulong Flags, ulong Propagation, string Data)
{
    private static readonly Dictionary<string, (ulong Set, ulong Clear)> Known = new(StringComparer.Ordinal)
    {
        ["defaults"] = (0, 0),
        ["ro"] = (MountFlags.ReadOnly, 0), ["rw"] = (0, MountFlags.ReadOnly),
        ["nosuid"] = (MountFlags.NoSuid, 0), ["suid"] = (0, MountFlags.NoSuid),
        ["nodev"] = (MountFlags.NoDev, 0), ["dev"] = (0, MountFlags.NoDev),
        ["noexec"] = (MountFlags.NoExec, 0), ["exec"] = (0, MountFlags.NoExec),
        ["sync"] = (MountFlags.Synchronous, 0), ["async"] = (0, MountFlags.Synchronous),
        ["dirsync"] = (MountFlags.DirSync, 0), ["remount"] = (MountFlags.Remount, 0),
        ["mand"] = (MountFlags.MandatoryLocks, 0), ["nomand"] = (0, MountFlags.MandatoryLocks),
        ["noatime"] = (MountFlags.NoATime, 0), ["atime"] = (0, MountFlags.NoATime),
        ["nodiratime"] = (MountFlags.NoDirATime, 0), ["diratime"] = (0, MountFlags.NoDirATime),
        ["relatime"] = (MountFlags.RelATime, 0), ["norelatime"] = (0, MountFlags.RelATime),
        ["strictatime"] = (MountFlags.StrictATime, 0), ["nostrictatime"] = (0, MountFlags.StrictATime),
        ["lazytime"] = (MountFlags.LazyTime, 0), ["nolazytime"] = (0, MountFlags.LazyTime),
        ["silent"] = (MountFlags.Silent, 0), ["loud"] = (0, MountFlags.Silent),
        ["bind"] = (MountFlags.Bind, 0), ["rbind"] = (MountFlags.Bind | MountFlags.Recursive, 0),
    };

    private static readonly Dictionary<string, ulong> Propagations = new(StringComparer.Ordinal)
    {
        ["private"] = MountFlags.Private, ["rprivate"] = MountFlags.Private | MountFlags.Recursive,
        ["shared"] = MountFlags.Shared, ["rshared"] = MountFlags.Shared | MountFlags.Recursive,
        ["slave"] = MountFlags.Slave, ["rslave"] = MountFlags.Slave | MountFlags.Recursive,
        ["unbindable"] = MountFlags.Unbindable, ["runbindable"] = MountFlags.Unbindable | MountFlags.Recursive,
    };

    /// <summary>Splits "ro,nosuid,size=64m"; later options win, unknown ones go to <see cref="Data"/>.</summary>
    public static MountOptions Parse(string options)
    {
        ulong flags = 0, propagation = 0;
        var data = new List<string>();
        foreach (var option in options.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (Known.TryGetValue(option, out var known))
            {
                flags = (flags & ~known.Clear) | known.Set;
            }
            else if (Propagations.TryGetValue(option, out var type))
            {
                propagation = type;
            }
            else
            {
                data.Add(option);
            }
        }

        return new MountOptions(flags, propagation, string.Join(',', data));
    }
}
