namespace Slipway.Packs.Writing;

/// <summary>How texts are written in a Dockerfile so that they stay what they are.</summary>
internal static class DockerfileSyntax
{
    /// <summary>A text of JSON, as lists of commands and files are written.</summary>
    internal static string Quoted(string text) => $"\"{System.Text.Json.JsonEncodedText.Encode(text, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    /// <summary>A value as one word, without expansion.</summary>
    internal static string Word(string value) =>
        "\"" + value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal) + "\"";
}
