using Slipway.Cli.GoTemplate;

namespace Slipway.Cli.Output;

/// <summary>Prints rows as a table, as JSON, or through a template.</summary>
/// <param name="defaultTable">Template of the usual columns, cells separated by tabs.</param>
/// <param name="headers">Title of each field.</param>
internal sealed class Listing(string defaultTable, IReadOnlyDictionary<string, string> headers)
{
    /// <exception cref="TemplateException">The format is no template, or a row has no such field.</exception>
    public string Print(string format, IEnumerable<Row> rows)
    {
        if (format == "json")
        {
            return string.Concat(rows.Select(r => Values.JsonText(r) + "\n"));
        }

        (bool table, string text) = Split(format);
        Template template = Parse(text);
        if (!table)
        {
            return string.Concat(rows.Select(r => template.Execute(r) + "\n"));
        }

        Row titles = new();
        foreach ((string field, string title) in headers)
        {
            titles.Field(field, title);
        }

        titles.Method("Label", Title);
        return Table.Align([template.Execute(titles, header: true), .. rows.Select(r => template.Execute(r))]);
    }

    private (bool Table, string Template) Split(string format) => format switch
    {
        "" or "table" => (true, defaultTable),
        _ when format.StartsWith("table ", StringComparison.Ordinal) => (true, format["table ".Length..].Trim()),
        _ => (false, format),
    };

    /// <summary>Shells pass <c>\t</c> and <c>\n</c> on as two characters.</summary>
    public static Template Parse(string format)
    {
        try
        {
            return Template.Parse(format.Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal));
        }
        catch (TemplateException e)
        {
            throw new TemplateException("template parsing error: " + e.Message);
        }
    }

    /// <summary>The title of a label's column is the last part of its name: <c>com.example.web_tier</c> → <c>WEB TIER</c>.</summary>
    private static string Title(string label) =>
        label[(label.LastIndexOf('.') + 1)..].Replace('-', ' ').Replace('_', ' ');
}
