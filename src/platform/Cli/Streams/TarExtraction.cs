using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;

namespace Slipway.Cli.Streams;

/// <summary>
/// Unpacks an archive from a container into a local directory. The container chose its names and links, so nothing is
/// written through a link and nothing outside the directory: every parent of an entry must be a real directory.
/// </summary>
/// <param name="root">Directory that exists.</param>
/// <param name="name">Name that the archive's first part gets; empty to unpack its content into <paramref name="root"/>.</param>
/// <param name="keepOwners">Whether files get the users and groups of the archive.</param>
/// <param name="warnings">Told about entries that a plain file system cannot hold.</param>
internal sealed class TarExtraction(string root, string name, bool keepOwners, TextWriter warnings)
{
    private const int OwnersAtOnce = 500;
    private readonly List<(string Path, UnixFileMode Mode, DateTimeOffset Time)> _directories = [];
    private readonly Dictionary<(int User, int Group), List<string>> _owners = [];

    /// <returns>Bytes of the files.</returns>
    /// <exception cref="CommandException">The archive tries to leave its place.</exception>
    public async Task<long> RunAsync(Stream archive)
    {
        long bytes = 0;
        await using TarReader reader = new(archive);
        while (await reader.GetNextEntryAsync() is { } entry)
        {
            if (entry.EntryType is TarEntryType.GlobalExtendedAttributes)
            {
                continue;
            }

            string path = Place(entry.Name);
            await WriteAsync(entry, path);
            bytes += entry.Length;
            if (keepOwners)
            {
                Remember(entry, path);
            }
        }

        await ChangeOwnersAsync();

        // Writing into a directory changes its time, and a read-only one could not be written into.
        foreach ((string path, UnixFileMode mode, DateTimeOffset time) in Enumerable.Reverse(_directories))
        {
            File.SetUnixFileMode(path, mode);
            Directory.SetLastWriteTimeUtc(path, time.UtcDateTime);
        }

        return bytes;
    }

    /// <summary>Replaces the first part of an entry's name and checks the rest.</summary>
    private string Place(string entryName)
    {
        string[] parts = [.. entryName.Split('/').Where(p => p.Length > 0)];
        if (parts.Contains("..") || entryName.Contains('\0', StringComparison.Ordinal))
        {
            throw new CommandException($"the archive holds an unsafe path: {entryName}");
        }

        string path = name.Length > 0 ? Path.Combine(root, name) : root;
        for (int i = 1; i < parts.Length; i++)
        {
            CheckDirectory(path);
            path = Path.Combine(path, parts[i]);
        }

        return path;
    }

    private static void CheckDirectory(string path)
    {
        FileInfo parent = new(path);
        if (parent.LinkTarget is not null)
        {
            throw new CommandException($"the archive goes through a link: {path}");
        }
    }

    private async Task WriteAsync(TarEntry entry, string path)
    {
        bool isRoot = path == root;
        switch (entry.EntryType)
        {
            case TarEntryType.Directory:
                if (!isRoot)
                {
                    MakeDirectory(path);
                    _directories.Add((path, entry.Mode, entry.ModificationTime));
                }

                break;
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                Remove(path);
                await entry.ExtractToFileAsync(path, overwrite: false);
                break;
            case TarEntryType.SymbolicLink:
                Remove(path);
                File.CreateSymbolicLink(path, entry.LinkName);
                break;
            case TarEntryType.HardLink:
                Remove(path);
                string target = Place(entry.LinkName);
                CheckDirectory(target);
                File.Copy(target, path);
                break;
            default:
                await warnings.WriteLineAsync($"skipped {entry.Name}: a {entry.EntryType} cannot be copied");
                break;
        }
    }

    private static void MakeDirectory(string path)
    {
        FileInfo there = new(path);
        if (there.LinkTarget is not null || there.Exists)
        {
            throw new CommandException($"cannot overwrite non-directory \"{path}\" with a directory");
        }

        Directory.CreateDirectory(path);
    }

    /// <summary>What is there goes first: writing into it would follow a link.</summary>
    private static void Remove(string path)
    {
        if (Directory.Exists(path) && new FileInfo(path).LinkTarget is null)
        {
            throw new CommandException($"cannot overwrite directory \"{path}\" with a non-directory");
        }

        File.Delete(path);
    }

    private void Remember(TarEntry entry, string path)
    {
        if (!_owners.TryGetValue((entry.Uid, entry.Gid), out List<string>? paths))
        {
            _owners.Add((entry.Uid, entry.Gid), paths = []);
        }

        paths.Add(Path.GetFullPath(path));
    }

    /// <summary>The base library cannot change owners; the system's own tool can, for many files at once.</summary>
    private async Task ChangeOwnersAsync()
    {
        foreach (((int user, int group), List<string> paths) in _owners)
        {
            foreach (string[] some in paths.Chunk(OwnersAtOnce))
            {
                ProcessStartInfo start = new("/usr/bin/chown") { RedirectStandardError = true };
                foreach (string argument in (string[])["--no-dereference", string.Create(CultureInfo.InvariantCulture, $"{user}:{group}"), "--", .. some])
                {
                    start.ArgumentList.Add(argument);
                }

                using Process chown = Process.Start(start) ?? throw new CommandException("cannot run chown");
                string error = await chown.StandardError.ReadToEndAsync();
                await chown.WaitForExitAsync();
                if (chown.ExitCode != 0)
                {
                    throw new CommandException(error.Trim());
                }
            }
        }
    }
}
