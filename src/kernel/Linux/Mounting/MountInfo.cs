using System.Globalization;
using System.Text;

namespace Slipway.Linux;

/// <summary>One line of /proc/PID/mountinfo (proc(5)).</summary>
/// <param name="Id">The mount's number.</param>
/// <param name="ParentId">The number of the mount it lies on.</param>
/// <param name="Device">"major:minor".</param>
/// <param name="Root">The directory of the file system that forms the mount's root.</param>
/// <param name="Target">Where it is mounted.</param>
/// <param name="Options">Options of this mount.</param>
/// <param name="Propagation">"shared:N", "master:N"… separated by blanks; empty for a private mount.</param>
/// <param name="FsType">File system type.</param>
/// <param name="Source">Device or other source.</param>
/// <param name="SuperOptions">Options of the file system.</param>
public sealed record MountInfo(
    int Id, int ParentId, string Device, string Root, string Target, string Options, string Propagation, string FsType, string Source, string SuperOptions)
{
    /// <summary>Mounts and unmounts below are passed on to peers.</summary>
    public bool IsShared => Propagation.Contains("shared:", StringComparison.Ordinal);

    /// <summary>Mounts of the master appear here.</summary>
    public bool IsSlave => Propagation.Contains("master:", StringComparison.Ordinal);

    internal static MountInfo? Parse(string line)
    {
        var parts = line.Split(' ');
        var separator = Array.IndexOf(parts, "-", 6);
        if (separator < 0 || parts.Length < separator + 4)
        {
            return null;
        }

        return new MountInfo(
            int.Parse(parts[0], CultureInfo.InvariantCulture),
            int.Parse(parts[1], CultureInfo.InvariantCulture),
            parts[2],
            Unescape(parts[3]),
            Unescape(parts[4]),
            parts[5],
            string.Join(' ', parts[6..separator]),
            parts[separator + 1],
            Unescape(parts[separator + 2]),
            Unescape(parts[separator + 3]));
    }

    // Blank, tab, newline and backslash are written as \040 and so on.
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                plain.Append((char)(((text[i + 1] - '0') * 64) + ((text[i + 2] - '0') * 8) + (text[i + 3] - '0')));
                i += 3;
            }
            else
            {
                plain.Append(text[i]);
            }
        }

        return plain.ToString();
    }
}
