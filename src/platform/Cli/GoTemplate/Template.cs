using System.Text;

namespace Slipway.Cli.GoTemplate;

/// <summary>A parsed template in Go's <c>text/template</c> language with docker's functions.</summary>
internal sealed class Template
{
    private readonly IReadOnlyList<Node> _nodes;

    private Template(IReadOnlyList<Node> nodes) => _nodes = nodes;

    /// <exception cref="TemplateException">The text is no template.</exception>
    public static Template Parse(string text) => new(Parser.Parse(text));

    /// <summary>Executes the template with <paramref name="data"/> as dot.</summary>
    /// <param name="data">A <see cref="Row"/>, a JSON node or a plain value.</param>
    /// <param name="header">Functions that change text leave it alone, so that column titles stay readable.</param>
    /// <exception cref="TemplateException">A field or an argument does not fit.</exception>
    public string Execute(object? data, bool header = false)
    {
        StringBuilder output = new();
        new Evaluator(data, output, header).Run(_nodes);
        return output.ToString();
    }
}
