namespace Slipway.Cli.GoTemplate;

/// <summary>A template that cannot be parsed or executed; the message follows Go's <c>text/template</c>.</summary>
internal sealed class TemplateException(string message) : Exception(message);
