using System.Formats.Tar;
using System.Globalization;
using System.Text;
using Slipway.Platform.Model;

namespace Slipway.Platform.Sources;

/// <summary>
/// Makes a commit of a directory that a client sends as a tar. The entries go straight into <c>git fast-import</c>: no file is written by
/// their names, so none of them can lead anywhere.
/// </summary>
public sealed class DirectoryImport(AppRepositories repositories, TimeProvider time)
{
    private const int MaxEntries = 200_000;
    private const long MaxBytes = 1024L * 1024 * 1024;

    /// <summary>Reads the tar and commits it to the application's branch.</summary>
    /// <exception cref="PlatformException">It is no tar, too large, or has names that no repository can have.</exception>
    public async Task ImportAsync(App app, Stream tar, string actor, CancellationToken cancellation)
    {
        var path = await repositories.PathOfAsync(app, cancellation).ConfigureAwait(false);
        try
        {
            await repositories.Git().FeedAsync(
                stream => WriteAsync(app, tar, stream, actor, cancellation), cancellation, "-C", path, "fast-import", "--quiet", "--force", "--done", "--date-format=raw").ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException)
        {
            throw new PlatformException(Refusal.Invalid, "what was sent is no tar archive", e);
        }
    }

    private async Task WriteAsync(App app, Stream tar, Stream import, string actor, CancellationToken cancellation)
    {
        var message = Encoding.UTF8.GetBytes($"Directory sent by {actor.Replace('\n', ' ')}\n");
        var when = time.GetUtcNow().ToUnixTimeSeconds();
        await TextAsync(import, $"commit refs/heads/{app.Source.Branch}\ncommitter Slipway <slipway@localhost> {when} +0000\ndata {message.Length}\n").ConfigureAwait(false);
        await import.WriteAsync(message, cancellation).ConfigureAwait(false);
        await TextAsync(import, "deleteall\n").ConfigureAwait(false);
        var reader = new TarReader(tar, leaveOpen: true);
        await using (reader.ConfigureAwait(false))
        {
            var (entries, bytes) = (0, 0L);
            while (await reader.GetNextEntryAsync(cancellationToken: cancellation).ConfigureAwait(false) is { } entry)
            {
                if (++entries > MaxEntries || (bytes += entry.Length) > MaxBytes)
                {
                    throw new PlatformException(Refusal.TooLarge, "the directory has more than 200,000 entries or 1 GiB");
                }

                await EntryAsync(import, entry, cancellation).ConfigureAwait(false);
            }
        }

        await TextAsync(import, "done\n").ConfigureAwait(false);
    }

    private static async Task EntryAsync(Stream import, TarEntry entry, CancellationToken cancellation)
    {
        var name = Clean(entry.Name);
        if (name.Length == 0 || entry.EntryType is TarEntryType.Directory or TarEntryType.GlobalExtendedAttributes)
        {
            return;
        }

        switch (entry.EntryType)
        {
            case TarEntryType.RegularFile or TarEntryType.V7RegularFile:
                var mode = (entry.Mode & UnixFileMode.UserExecute) != 0 ? "100755" : "100644";
                await TextAsync(import, string.Create(CultureInfo.InvariantCulture, $"M {mode} inline {Quote(name)}\ndata {entry.Length}\n")).ConfigureAwait(false);
                if (entry.DataStream is { } data)
                {
                    await data.CopyToAsync(import, cancellation).ConfigureAwait(false);
                }

                break;
            case TarEntryType.SymbolicLink:
                var target = Encoding.UTF8.GetBytes(entry.LinkName);
                await TextAsync(import, string.Create(CultureInfo.InvariantCulture, $"M 120000 inline {Quote(name)}\ndata {target.Length}\n")).ConfigureAwait(false);
                await import.WriteAsync(target, cancellation).ConfigureAwait(false);
                break;
            default:
                throw new PlatformException(Refusal.Invalid, $"the directory holds something that is neither file nor link: {name}");
        }

        await TextAsync(import, "\n").ConfigureAwait(false);
    }

    private static string Clean(string name)
    {
        var parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").ToArray();
        return parts.Any(part => part == ".." || part.Equals(".git", StringComparison.OrdinalIgnoreCase) || part.Contains('\0'))
            ? throw new PlatformException(Refusal.Invalid, "the directory holds a name that no repository can have")
            : string.Join('/', parts);
    }

    // git's quoting of names: C's, with octal for what is not plain.
    private static string Quote(string name)
    {
        var quoted = new StringBuilder("\"");
        foreach (var value in Encoding.UTF8.GetBytes(name))
        {
            quoted.Append(value is (byte)'"' or (byte)'\\' ? "\\" + (char)value : value is >= 0x20 and < 0x7f ? ((char)value).ToString() : "\\" + Convert.ToString(value, 8).PadLeft(3, '0'));
        }

        return quoted.Append('"').ToString();
    }

    private static ValueTask TextAsync(Stream stream, string text) => stream.WriteAsync(Encoding.UTF8.GetBytes(text));
}
