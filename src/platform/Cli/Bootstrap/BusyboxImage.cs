using System.Diagnostics;
using System.Text;

namespace Slipway.Cli.Bootstrap;

/// <summary>A small image around the static busybox of this machine: the program, its applets, and the files that programs expect.</summary>
internal sealed class BusyboxImage(TextWriter? progress) : BaseImage
{
    private const UnixFileMode Everyone = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead
        | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private const UnixFileMode Usual = Everyone | UnixFileMode.UserWrite;
    private const UnixFileMode Text = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly (string Path, string Content)[] s_files =
    [
        ("etc/group", "root:x:0:\ndaemon:x:1:\nbin:x:2:\nsys:x:3:\nadm:x:4:\ntty:x:5:\ndisk:x:6:\nwheel:x:10:\nmail:x:12:\nkmem:x:15:\nshadow:x:42:\n"
            + "utmp:x:43:\nstaff:x:50:\nusers:x:100:\nwww-data:x:33:\nnogroup:x:65534:\n"),
        ("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"),
        ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\nbin:x:2:2:bin:/bin:/bin/false\n"
            + "sys:x:3:3:sys:/dev:/bin/false\nmail:x:8:12:mail:/var/spool/mail:/bin/false\nwww-data:x:33:33:www-data:/var/www:/bin/false\n"
            + "nobody:x:65534:65534:nobody:/home:/bin/false\n"),
        ("etc/profile", "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"),
        ("etc/shadow", "root:*:::::::\ndaemon:*:::::::\nbin:*:::::::\nsys:*:::::::\nmail:*:::::::\nwww-data:*:::::::\nnobody:*:::::::\n"),
    ];

    private static readonly (string Path, UnixFileMode Mode)[] s_directories =
    [
        ("bin", Usual), ("dev", Usual), ("etc", Usual), ("home", Usual), ("proc", Everyone), ("root", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute),
        ("run", Usual), ("sbin", Usual), ("sys", Everyone), ("tmp", Usual | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite | UnixFileMode.StickyBit),
        ("usr", Usual), ("usr/bin", Usual), ("usr/sbin", Usual), ("var", Usual), ("var/log", Usual), ("var/spool", Usual), ("var/spool/mail", Usual), ("var/www", Usual),
    ];

    public override IReadOnlyList<string> Tags => ["busybox:latest"];

    public override async Task<ImageArchive> MakeAsync(IReadOnlyList<string> tags)
    {
        string busybox = Find();
        DateTimeOffset time = Date(new DateTimeOffset(File.GetLastWriteTimeUtc(busybox), TimeSpan.Zero));
        progress?.WriteLine($"Making {string.Join(", ", tags)} from {busybox}");
        List<string> applets = await AppletsAsync(busybox);
        await using LayerWriter layer = new(time);
        foreach ((string path, Func<Task> write) in Entries(layer, busybox, applets).OrderBy(e => e.Path, StringComparer.Ordinal))
        {
            await write();
        }

        (FileStream file, string digest) = await layer.FinishAsync();
        progress?.WriteLine($"{applets.Count} applets, {Output.Units.Size(file.Length)}");
        return new ImageArchive(file, digest, "sh", "slipway image bootstrap busybox", tags, time);
    }

    private static string Find() => File.Exists("/usr/bin/busybox") && !File.Exists("/bin/busybox")
        ? "/usr/bin/busybox" : Require("/bin/busybox", "busybox-static");

    private static IEnumerable<(string Path, Func<Task> Write)> Entries(LayerWriter layer, string busybox, List<string> applets)
    {
        foreach ((string path, UnixFileMode mode) in s_directories)
        {
            yield return (path, () => layer.DirectoryAsync(path, mode));
        }

        foreach ((string path, string content) in s_files)
        {
            UnixFileMode mode = path == "etc/shadow" ? UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead : Text;
            yield return (path, () => layer.FileAsync(path, mode, new MemoryStream(Encoding.ASCII.GetBytes(content))));
        }

        yield return ("bin/busybox", async () =>
        {
            await using FileStream program = new(busybox, FileMode.Open, FileAccess.Read);
            await layer.FileAsync("bin/busybox", Usual, program);
        });
        foreach (string applet in applets)
        {
            yield return (applet, () => layer.LinkAsync(applet, "/bin/busybox"));
        }
    }

    /// <summary>Paths of the applets, such as <c>usr/bin/awk</c>, as busybox itself names them.</summary>
    private static async Task<List<string>> AppletsAsync(string busybox)
    {
        ProcessStartInfo start = new(busybox) { RedirectStandardOutput = true };
        start.ArgumentList.Add("--list-full");
        using Process process = Process.Start(start) ?? throw new CommandException($"cannot run {busybox}");
        string list = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        HashSet<string> directories = [.. s_directories.Select(d => d.Path)];
        List<string> applets = [.. list.Split('\n').Select(l => l.Trim().TrimStart('/')).Where(l => l.Length > 0 && l != "bin/busybox").Distinct()];
        return process.ExitCode == 0 && applets.Count > 0
            ? [.. applets.Where(a => directories.Contains(a[..Math.Max(a.LastIndexOf('/'), 0)]))]
            : throw new CommandException($"{busybox} --list-full failed");
    }
}
