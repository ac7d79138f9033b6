using System.Text.Json;
using Slipway.Toml;

namespace Slipway.Packs.Configuration;

/// <summary>Reads JSON, with comments and trailing commas, into the same tree as TOML.</summary>
internal static class JsonTree
{
    private static readonly JsonDocumentOptions s_lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 64 };

    /// <exception cref="FormatException">It is no JSON object; with the line and column.</exception>
    internal static TomlTable Parse(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, s_lenient);
            return Value(document.RootElement) as TomlTable ?? throw new FormatException("an object was expected");
        }
        catch (JsonException e)
        {
            throw new FormatException($"line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: {e.Message.Split(" LineNumber:", 2)[0]}");
        }
    }

    private static object? Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => Table(element),
        JsonValueKind.Array => element.EnumerateArray().Select(Value).OfType<object>().ToList(),
        JsonValueKind.String => element.GetString() ?? "",
        JsonValueKind.Number => element.TryGetInt64(out var whole) ? whole : element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private static TomlTable Table(JsonElement element)
    {
        var table = new TomlTable();
        foreach (var property in element.EnumerateObject())
        {
            if (Value(property.Value) is { } value)
            {
                table[property.Name] = value;
            }
        }

        return table;
    }
}
