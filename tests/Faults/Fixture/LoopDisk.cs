using System.Globalization;

namespace Slipway.Faults.Fixture;

/// <summary>A small ext4 filesystem in a file, mounted through a loop device: it can be full, read-only, or cut from power by copying the file.</summary>
internal sealed class LoopDisk : IDisposable
{
    private LoopDisk(string image, string mountPoint) => (Image, MountPoint) = (image, mountPoint);

    /// <summary>The file that holds the filesystem.</summary>
    internal string Image { get; }

    /// <summary>Where it is mounted.</summary>
    internal string MountPoint { get; }

    /// <summary>Makes and mounts a new filesystem.</summary>
    /// <param name="directory">Directory of the image file and the mount point.</param>
    /// <param name="mebibytes">Its size.</param>
    /// <param name="inodes">How many files it can hold; zero lets mkfs choose.</param>
    internal static LoopDisk Create(string directory, int mebibytes = 512, int inodes = 0)
    {
        Directory.CreateDirectory(directory);
        var image = Path.Combine(directory, "disk.img");
        using (var file = File.Create(image))
        {
            file.SetLength((long)mebibytes << 20);
        }

        string[] count = inodes == 0 ? [] : ["-N", inodes.ToString(CultureInfo.InvariantCulture)];
        Tool.Run("mkfs.ext4", ["-q", "-F", "-m", "0", .. count, image]);
        return Mount(image, Path.Combine(directory, "disk"));
    }

    /// <summary>What a power cut at this instant would leave, mounted elsewhere. Nothing is flushed before.</summary>
    internal LoopDisk CutPower(string directory)
    {
        Directory.CreateDirectory(directory);
        var copy = Path.Combine(directory, "disk.img");
        Tool.Run("cp", "--sparse=always", Image, copy);
        return Mount(copy, Path.Combine(directory, "disk"));
    }

    /// <summary>Writes a file until nothing more fits.</summary>
    /// <returns>Its path.</returns>
    internal string Fill()
    {
        var path = Path.Combine(MountPoint, "filler");
        Tool.Try("dd", "if=/dev/zero", "of=" + path, "bs=1M", "status=none");
        Tool.Try("dd", "if=/dev/zero", "of=" + path + ".small", "bs=4k", "status=none");
        return path;
    }

    /// <summary>Removes what <see cref="Fill"/> wrote.</summary>
    internal void Empty()
    {
        File.Delete(Path.Combine(MountPoint, "filler"));
        File.Delete(Path.Combine(MountPoint, "filler.small"));
    }

    /// <summary>Makes the kernel find an error in the filesystem, upon which it becomes read-only.</summary>
    internal void FailReadOnly() => File.WriteAllText(Path.Combine(KernelDirectory(), "trigger_fs_error"), "1");

    /// <summary>From now on every read and write of the filesystem that needs the device fails with EIO, until <see cref="RepairAsync"/> (EXT4_IOC_SHUTDOWN without a flush).</summary>
    internal void FailEverything() =>
        Tool.Run("python3", "-c", "import fcntl,os,struct,sys; fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))", MountPoint);

    /// <summary>Checks and mounts it again. Nothing may be open on it.</summary>
    internal async Task RepairAsync()
    {
        var known = KernelDirectory();
        Tool.Run("umount", "-R", MountPoint);

        // Any process that was given a mount namespace of its own in this moment has it for a moment longer, as it is: broken.
        await Wait.UntilAsync("nobody has the filesystem mounted", () => !Directory.Exists(known));
        Tool.Try("e2fsck", "-fy", Image);
        Mount(Image, MountPoint);
    }

    /// <inheritdoc/>
    public void Dispose() => Tool.Run("umount", "-R", MountPoint);

    // sysfs: what the kernel says of the filesystem as long as it is mounted anywhere.
    private string KernelDirectory() => "/sys/fs/ext4/" + Path.GetFileName(Tool.Run("findmnt", "-n", "-o", "SOURCE", MountPoint).Trim());

    private static LoopDisk Mount(string image, string mountPoint)
    {
        Directory.CreateDirectory(mountPoint);
        Tool.Run("mount", "-o", "loop,errors=remount-ro", image, mountPoint);
        Tool.Run("mount", "--make-private", mountPoint);
        return new LoopDisk(image, mountPoint);
    }
}
