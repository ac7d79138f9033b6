using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.Text;

namespace Slipway.Cli.Bootstrap;

/// <summary>A Debian like the official slim images: minbase without documentation and translations, made by mmdebstrap.</summary>
/// <param name="suite">Such as <c>bookworm</c>.</param>
/// <param name="mirror">Where packages come from; null for this machine's sources when it runs that suite, else the usual mirror.</param>
/// <param name="progress">Shown what mmdebstrap says; null for nothing.</param>
internal sealed class DebianImage(string suite, string? mirror, TextWriter? progress) : BaseImage
{
    public const string UsualSuite = "bookworm";
    private const string Tool = "/usr/bin/mmdebstrap";

    // Makes /bin, /lib … links from the start where the suite wants that: otherwise bookworm has perl in full, which would do it afterwards.
    private const string MergedUsr = "/usr/share/mmdebstrap/hooks/maybe-merged-usr";

    /// <summary>Days on which suites were released: the date of an image that is not told another.</summary>
    private static readonly Dictionary<string, string> s_released = new(StringComparer.Ordinal)
    {
        ["bullseye"] = "2021-08-14", ["bookworm"] = "2023-06-10", ["trixie"] = "2025-08-09",
    };

    private static readonly string[] s_slim =
    [
        "path-exclude=/usr/share/doc/*", "path-include=/usr/share/doc/*/copyright", "path-exclude=/usr/share/doc-base/*",
        "path-exclude=/usr/share/man/*", "path-exclude=/usr/share/groff/*", "path-exclude=/usr/share/info/*", "path-exclude=/usr/share/linda/*",
        "path-exclude=/usr/share/lintian/*", "path-exclude=/usr/share/locale/*",
    ];

    public override IReadOnlyList<string> Tags =>
        [$"debian:{suite}-slim", $"debian:{suite}", .. suite == UsualSuite ? (string[])["debian:latest"] : []];

    public override async Task<ImageArchive> MakeAsync(IReadOnlyList<string> tags)
    {
        if (suite.Length == 0 || !suite.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') || suite[0] == '-')
        {
            throw new CommandException($"\"{suite}\" is no Debian suite");
        }

        Require(Tool, "mmdebstrap");
        DateTimeOffset time = Date(DateTimeOffset.Parse(s_released.GetValueOrDefault(suite, "2020-01-01"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));
        progress?.WriteLine($"Making {string.Join(", ", tags)} with mmdebstrap; this takes a minute");
        using Process process = Start(time);
        Task<string> log = LogAsync(process.StandardError);
        await using LayerWriter layer = new(time);
        DebianLayer filter = new(layer, suite);
        try
        {
            await filter.CopyAsync(process.StandardOutput.BaseStream);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            // Why it ended early is in its log.
        }

        string text = await log;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0 || filter.Entries == 0)
        {
            throw new CommandException($"mmdebstrap failed:\n{text}");
        }

        (FileStream file, string digest) = await layer.FinishAsync();
        progress?.WriteLine($"{filter.Entries} entries, {Output.Units.Size(file.Length)}");
        return new ImageArchive(file, digest, "bash", $"slipway image bootstrap debian:{suite}", tags, time);
    }

    private Process Start(DateTimeOffset time)
    {
        // In a session of its own: mmdebstrap hangs up its whole process group when it is done.
        ProcessStartInfo start = new("/usr/bin/setsid") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.Environment["SOURCE_DATE_EPOCH"] = time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        foreach (string argument in (string[])["--wait", Tool, "--variant=minbase", "--format=tar", .. Directory.Exists(MergedUsr) ? (string[])["--hook-dir=" + MergedUsr] : [], .. s_slim.Select(s => "--dpkgopt=" + s), "--aptopt=Acquire::Languages \"none\"", suite, "-", .. Sources()])
        {
            start.ArgumentList.Add(argument);
        }

        Process process = Process.Start(start) ?? throw new CommandException("cannot run mmdebstrap");
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Files or lines with package sources; none lets mmdebstrap take Debian's own mirror.</summary>
    private string[] Sources()
    {
        if (mirror is not null)
        {
            return [mirror];
        }

        bool ours = File.Exists("/etc/os-release") && File.ReadLines("/etc/os-release").Contains("VERSION_CODENAME=" + suite);
        string[] files = ours ? [.. new[] { "/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources" }.Where(f => File.Exists(f) && HasSource(f))] : [];
        return files;
    }

    private static bool HasSource(string file) => File.ReadLines(file).Any(l => l.StartsWith("deb ", StringComparison.Ordinal) || l.StartsWith("URIs:", StringComparison.Ordinal));

    /// <summary>Shows the log as it comes, and keeps its last lines for the case of a failure.</summary>
    private async Task<string> LogAsync(StreamReader log)
    {
        const int Kept = 20;
        Queue<string> last = new();
        while (await log.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("I: ", StringComparison.Ordinal))
            {
                progress?.WriteLine("  " + line[3..]);
            }

            last.Enqueue(line);
            if (last.Count > Kept)
            {
                last.Dequeue();
            }
        }

        return string.Join('\n', last);
    }
}

/// <summary>Copies mmdebstrap's archive into a layer and leaves out what depends on this machine or on the moment.</summary>
internal sealed class DebianLayer(LayerWriter layer, string suite)
{
    private const UnixFileMode Text = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly string[] s_dropped =
    [
        "dev/", "var/cache/apt/", "var/lib/apt/lists/", "var/log/", "var/cache/ldconfig/", "var/cache/debconf/", "tmp/", "run/",
        "etc/apt/apt.conf.d/99mmdebstrap", "etc/dpkg/dpkg.cfg.d/99mmdebstrap", "etc/apt/sources.list", "etc/apt/sources.list.d/", "var/lib/dpkg/lock", "var/lib/dpkg/triggers/Lock",
        "etc/hostname", "etc/resolv.conf", "etc/machine-id", "var/lib/dbus/machine-id",
    ];

    /// <summary>Entries written so far.</summary>
    public int Entries { get; private set; }

    public async Task CopyAsync(Stream archive)
    {
        await using TarReader reader = new(archive);
        while (await reader.GetNextEntryAsync() is { } entry)
        {
            string name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
            if (name.Length == 0 || Drops(name) || entry.EntryType is TarEntryType.GlobalExtendedAttributes)
            {
                continue;
            }

            string link = entry.LinkName ?? "";
            if (entry.EntryType == TarEntryType.HardLink && link.StartsWith("./", StringComparison.Ordinal))
            {
                link = link[2..];
            }

            await layer.CopyAsync(entry, name, link, entry.DataStream);
            Entries++;
        }

        if (Entries > 0)
        {
            await OwnFilesAsync();
        }
    }

    // Of a directory the content is dropped, but not the directory itself.
    private static bool Drops(string name) =>
        s_dropped.Any(dropped => dropped.EndsWith('/') ? name.Length > dropped.Length && name.StartsWith(dropped, StringComparison.Ordinal) : name == dropped);

    /// <summary>Debian's usual sources instead of this machine's, and the settings that keep layers on top small.</summary>
    private async Task OwnFilesAsync()
    {
        await FileAsync("etc/apt/apt.conf.d/docker-clean",
            "DPkg::Post-Invoke { \"rm -f /var/cache/apt/archives/*.deb /var/cache/apt/archives/partial/*.deb /var/cache/apt/*.bin || true\"; };\n"
            + "Dir::Cache::pkgcache \"\";\nDir::Cache::srcpkgcache \"\";\n");
        await FileAsync("etc/apt/apt.conf.d/docker-no-languages", "Acquire::Languages \"none\";\n");
        await FileAsync("etc/apt/sources.list",
            $"deb http://deb.debian.org/debian {suite} main\ndeb http://deb.debian.org/debian {suite}-updates main\ndeb http://deb.debian.org/debian-security {suite}-security main\n");
        await FileAsync("etc/dpkg/dpkg.cfg.d/docker",
            "path-exclude /usr/share/doc/*\npath-include /usr/share/doc/*/copyright\npath-exclude /usr/share/man/*\npath-exclude /usr/share/groff/*\n"
            + "path-exclude /usr/share/info/*\npath-exclude /usr/share/lintian/*\npath-exclude /usr/share/locale/*\nforce-unsafe-io\n");
    }

    private async Task FileAsync(string name, string content)
    {
        using MemoryStream bytes = new(Encoding.ASCII.GetBytes(content));
        await layer.FileAsync(name, Text, bytes);
        Entries++;
    }
}
