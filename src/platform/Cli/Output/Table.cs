using System.Text;

namespace Slipway.Cli.Output;

/// <summary>Aligns lines whose cells end in tabs, with docker's widths: at least ten columns, three of them empty.</summary>
internal static class Table
{
    private const int UsualWidth = 10;
    private const int Padding = 3;

    public static string Align(IEnumerable<string> lines, int smallestWidth = UsualWidth)
    {
        List<string[]> rows = [.. lines.Select(l => l.Split('\t'))];
        int columns = rows.Count == 0 ? 0 : rows.Max(r => r.Length);
        int[] widths = new int[columns];
        for (int c = 0; c < columns; c++)
        {
            // The last cell of a line ends it and has no width of its own.
            widths[c] = rows.Where(r => r.Length > c + 1).Select(r => r[c].Length + Padding).Append(smallestWidth).Max();
        }

        StringBuilder text = new();
        foreach (string[] row in rows)
        {
            for (int c = 0; c < row.Length; c++)
            {
                text.Append(c < row.Length - 1 ? row[c].PadRight(widths[c]) : row[c]);
            }

            text.Append('\n');
        }

        return text.ToString();
    }
}
