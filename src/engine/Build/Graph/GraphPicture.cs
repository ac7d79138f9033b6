using System.Globalization;
using System.Net;
using System.Text;

namespace Slipway.Build.Graph;

/// <summary>A build graph for people: as text, and as an SVG picture.</summary>
public static class GraphPicture
{
    private const int BoxWidth = 300;
    private const int BoxHeight = 46;
    private const int GapX = 60;
    private const int GapY = 22;
    private const int Margin = 24;
    private const int MaxBoxes = 2000;

    /// <summary>One line per operation with the numbers of its inputs.</summary>
    public static string Text(BuildGraph graph)
    {
        var output = new StringBuilder();
        var width = graph.Operations.Count.ToString(CultureInfo.InvariantCulture).Length;
        foreach (var operation in graph.Operations)
        {
            output.Append((operation.Id + 1).ToString(CultureInfo.InvariantCulture).PadLeft(width)).Append("  ").Append(Short(operation.Name, 120));
            var inputs = operation.Inputs.Select(input => (input.Id + 1).ToString(CultureInfo.InvariantCulture)).ToList();
            output.Append(inputs.Count > 0 ? $"  ← {string.Join(", ", inputs)}" : "").Append('\n');
        }

        return output.ToString();
    }

    /// <summary>A picture: inputs on the left, the result on the right, a colour for each kind of operation.</summary>
    public static string Svg(BuildGraph graph)
    {
        var shown = graph.Operations.Take(MaxBoxes).ToList();
        var places = Place(shown);
        var width = (2 * Margin) + places.Max(place => place.X) + BoxWidth;
        var height = (2 * Margin) + places.Max(place => place.Y) + BoxHeight;
        var output = new StringBuilder();
        output.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n");
        output.Append("<title>Build graph</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        foreach (var operation in shown)
        {
            foreach (var input in operation.Inputs.Where(input => input.Id < places.Count))
            {
                Line(output, places[input.Id], places[operation.Id]);
            }
        }

        foreach (var operation in shown)
        {
            Box(output, operation, places[operation.Id], operation == graph.Result);
        }

        return output.Append("</svg>\n").ToString();
    }

    // A column is one more than the furthest input's; within a column in the order of the graph.
    private static List<(int X, int Y)> Place(List<Operation> operations)
    {
        var columns = new int[operations.Count];
        var used = new Dictionary<int, int>();
        var places = new List<(int, int)>();
        foreach (var operation in operations)
        {
            columns[operation.Id] = operation.Inputs.Select(input => columns[input.Id] + 1).DefaultIfEmpty(0).Max();
            var row = used.GetValueOrDefault(columns[operation.Id]);
            used[columns[operation.Id]] = row + 1;
            places.Add((columns[operation.Id] * (BoxWidth + GapX), row * (BoxHeight + GapY)));
        }

        return places;
    }

    private static void Line(StringBuilder output, (int X, int Y) from, (int X, int Y) to)
    {
        var (x1, y1) = (from.X + Margin + BoxWidth, from.Y + Margin + (BoxHeight / 2));
        var (x2, y2) = (to.X + Margin, to.Y + Margin + (BoxHeight / 2));
        var middle = (x1 + x2) / 2;
        output.Append(
            CultureInfo.InvariantCulture,
            $"<path d=\"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2} {y2}\" fill=\"none\" stroke=\"#94a3b8\" stroke-width=\"1.5\"/>\n");
    }

    private static void Box(StringBuilder output, Operation operation, (int X, int Y) place, bool result)
    {
        var (x, y) = (place.X + Margin, place.Y + Margin);
        var (kind, fill, edge) = Look(operation);
        output.Append(
            CultureInfo.InvariantCulture,
            $"<g><title>{Escape(Short(operation.Name, 1000))}</title><rect x=\"{x}\" y=\"{y}\" width=\"{BoxWidth}\" height=\"{BoxHeight}\" rx=\"8\" fill=\"{fill}\" stroke=\"{edge}\" stroke-width=\"{(result ? 3 : 1)}\"/>");
        output.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"{x + 12}\" y=\"{y + 18}\" fill=\"{edge}\" font-weight=\"600\">{Escape(operation.Stage is null ? kind : $"{kind} · {Short(operation.Stage, 30)}")}</text>");
        output.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"{x + 12}\" y=\"{y + 35}\" fill=\"#0f172a\">{Escape(Short(WithoutPrefix(operation.Name), 44))}</text></g>\n");
    }

    private static (string Kind, string Fill, string Edge) Look(Operation operation) => operation switch
    {
        RunStep => ("run", "#eff6ff", "#1d4ed8"),
        CopyStep => ("copy", "#f0fdf4", "#15803d"),
        MakeDirectory => ("directory", "#f8fafc", "#475569"),
        ImageSource => ("image", "#faf5ff", "#7e22ce"),
        LocalSource => ("context", "#fff7ed", "#c2410c"),
        GitSource => ("git", "#fff7ed", "#c2410c"),
        HttpSource => ("download", "#fff7ed", "#c2410c"),
        _ => ("empty", "#f8fafc", "#475569"),
    };

    private static string WithoutPrefix(string name) =>
        name.StartsWith('[') && name.IndexOf("] ", StringComparison.Ordinal) is >= 0 and var end ? name[(end + 2)..] : name;

    private static string Short(string text, int length)
    {
        var line = text.ReplaceLineEndings(" ");
        return line.Length <= length ? line : line[..(length - 1)] + "…";
    }

    // XML knows no control characters at all.
    private static string Escape(string text) =>
        WebUtility.HtmlEncode(string.Concat(text.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c)));
}
