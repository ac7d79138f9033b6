using System.Globalization;

namespace Slipway.Linux;

/// <summary>The small text formats of control group files. A file that is not there (any more) reads as nothing.</summary>
internal static class CgroupFiles
{
    internal static string? Text(string path)
    {
        try
        {
            return File.ReadAllText(path).Trim();
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    internal static IEnumerable<string> Lines(string path) => Text(path)?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>A single number; "max" is <see cref="ulong.MaxValue"/>.</summary>
    internal static ulong? Number(string path) => Text(path) is { } text ? ParseNumber(text) : null;

    /// <summary>Lines of "name number".</summary>
    internal static Dictionary<string, ulong> Map(string path)
    {
        var map = new Dictionary<string, ulong>(StringComparer.Ordinal);
        foreach (var line in Lines(path))
        {
            var blank = line.IndexOf(' ', StringComparison.Ordinal);
            if (blank > 0 && ParseNumber(line[(blank + 1)..]) is { } value)
            {
                map[line[..blank]] = value;
            }
        }

        return map;
    }

    internal static ulong? ParseNumber(string text) =>
        text == "max" ? ulong.MaxValue
        : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    internal static bool TryWrite(string path, string value)
    {
        try
        {
            // Control files can be written but not created or truncated.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
            file.Write(System.Text.Encoding.ASCII.GetBytes(value));
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
