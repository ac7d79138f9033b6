using System.Text;
using Slipway.Linux;

namespace Slipway.Build.Results.Attestations;

/// <summary>A package that is installed in an image.</summary>
/// <param name="Kind"><c>deb</c> or <c>apk</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version.</param>
/// <param name="Architecture">What it is for; empty when that is not told.</param>
/// <param name="License">As the database has it; empty when it does not.</param>
/// <param name="Source">The package it was built from; empty for one of the same name.</param>
internal sealed record InstalledPackage(string Kind, string Name, string Version, string Architecture, string License, string Source);

/// <summary>Reads the databases of dpkg (deb-status) and apk (lib/apk/db/installed).</summary>
internal static class InstalledPackages
{
    private const long MostBytes = 64 << 20;

    /// <summary>The packages of an image, and what distribution it says it is; empty for none.</summary>
    internal static (IReadOnlyList<InstalledPackage> Packages, string Distribution) Of(SafePath root)
    {
        List<InstalledPackage> packages = [.. Debian(root), .. Alpine(root)];
        return ([.. packages.OrderBy(package => package.Name, StringComparer.Ordinal).ThenBy(package => package.Architecture, StringComparer.Ordinal)], Distribution(root));
    }

    private static IEnumerable<InstalledPackage> Debian(SafePath root)
    {
        var directory = "var/lib/dpkg/status.d";
        IEnumerable<string> files = ["var/lib/dpkg/status"];
        if (Read(root, directory, () => root.ReadDirectory(directory).ToList()) is { } entries)
        {
            files = files.Concat(entries.Select(entry => entry.Name).Where(name => !name.EndsWith(".md5sums", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(name => $"{directory}/{name}"));
        }

        return files.SelectMany(file => Records(Text(root, file), ':'))
            .Where(record => record.ContainsKey("Package") && (!record.TryGetValue("Status", out var status) || status.EndsWith(" installed", StringComparison.Ordinal)))
            .Select(record => new InstalledPackage("deb", record["Package"], record.GetValueOrDefault("Version") ?? "", record.GetValueOrDefault("Architecture") ?? "", "", (record.GetValueOrDefault("Source") ?? "").Split(' ')[0]));
    }

    private static IEnumerable<InstalledPackage> Alpine(SafePath root) => Records(Text(root, "lib/apk/db/installed"), ':')
        .Where(record => record.ContainsKey("P"))
        .Select(record => new InstalledPackage("apk", record["P"], record.GetValueOrDefault("V") ?? "", record.GetValueOrDefault("A") ?? "", record.GetValueOrDefault("L") ?? "", record.GetValueOrDefault("o") ?? ""));

    // Records end at an empty line; lines that go on begin with a space.
    private static IEnumerable<Dictionary<string, string>> Records(string text, char separator)
    {
        var record = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n'))
        {
            if (line.Length == 0)
            {
                yield return record;
                record = new Dictionary<string, string>(StringComparer.Ordinal);
            }
            else if (line[0] is not (' ' or '\t') && line.IndexOf(separator, StringComparison.Ordinal) is > 0 and var at)
            {
                record.TryAdd(line[..at], line[(at + 1)..].Trim());
            }
        }

        yield return record;
    }

    private static string Distribution(SafePath root)
    {
        var release = Text(root, "etc/os-release");
        return (release.Length > 0 ? release : Text(root, "usr/lib/os-release")).Split('\n').FirstOrDefault(line => line.StartsWith("ID=", StringComparison.Ordinal))?[3..].Trim('"', '\'', '\r') ?? "";
    }

    private static string Text(SafePath root, string path) => Read(root, path, () =>
    {
        using var file = root.OpenRead(path);
        var length = RandomAccess.GetLength(file);
        if (length > MostBytes)
        {
            return "";
        }

        var bytes = new byte[length];
        return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0));
    }) ?? "";

    // An image without the database, or with something else in its place, has no packages of that kind.
    private static T? Read<T>(SafePath root, string path, Func<T?> read)
        where T : class
    {
        try
        {
            return root.Stat(path) is null ? null : read();
        }
        catch (LinuxException)
        {
            return null;
        }
    }
}
