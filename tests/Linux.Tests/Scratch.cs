namespace Slipway.Linux.Tests;

/// <summary>A directory of a test's own, removed at its end with everything still mounted in it.</summary>
public sealed class Scratch : IDisposable
{
    public const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    public const UnixFileMode Open = (UnixFileMode)0x1FF;

    public string Root { get; } = Directory.CreateTempSubdirectory("slipway-linux-").FullName;

    public string Make(string name) => Directory.CreateDirectory(At(name)).FullName;

    public string At(string name) => Path.Combine(Root, name);

    public string Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), text);
        return At(name);
    }

    public void Dispose()
    {
        foreach (var mount in Mounts.ReadMountInfo().Where(m => m.Target.StartsWith(Root + "/", StringComparison.Ordinal)).Reverse())
        {
            Mounts.Unmount(mount.Target);
        }

        using var parent = SafePath.Open(Path.GetDirectoryName(Root)!);
        parent.RemoveTree(Path.GetFileName(Root));
    }
}
