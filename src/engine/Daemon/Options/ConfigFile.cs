using System.Text.Json;

namespace Slipway.Daemon.Options;

/// <summary>Reads <c>daemon.json</c>: the same options under their keys. An unknown key is an error, not a typing mistake that goes unnoticed.</summary>
public static class ConfigFile
{
    private const int MaxBytes = 1 << 20;

    /// <summary>Reads the file.</summary>
    /// <exception cref="OptionException">It cannot be read, is no JSON, or has unknown or malformed keys.</exception>
    public static IReadOnlyList<GivenOption> Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            if (file.Length > MaxBytes)
            {
                throw new OptionException($"{path}: larger than 1 MiB");
            }

            using var document = JsonDocument.Parse(file);
            return Read(path, document.RootElement);
        }
        catch (JsonException e)
        {
            throw new OptionException($"{path}: invalid JSON: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OptionException($"unable to read the configuration file {path}: {e.Message}");
        }
    }

    private static List<GivenOption> Read(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new OptionException($"{path}: expected a JSON object");
        }

        var given = new List<GivenOption>();
        var unknown = new List<string>();
        foreach (var property in root.EnumerateObject())
        {
            if (OptionTable.All.FirstOrDefault(o => o.Key == property.Name) is { } option)
            {
                given.Add(new GivenOption(option, Values(option, property)));
            }
            else
            {
                unknown.Add(property.Name);
            }
        }

        return unknown.Count == 0
            ? given
            : throw new OptionException($"{path}: the following directives don't match any configuration option: {string.Join(", ", unknown)}");
    }

    private static List<string> Values(DaemonOption option, JsonProperty property)
    {
        var value = property.Value;
        return (option.Shape, value.ValueKind) switch
        {
            (OptionShape.Text, JsonValueKind.String) => [value.GetString()!],
            (OptionShape.Text or OptionShape.Number, JsonValueKind.Number) => [value.GetRawText()],
            (OptionShape.Switch, JsonValueKind.True) => ["true"],
            (OptionShape.Switch, JsonValueKind.False) => ["false"],
            (OptionShape.List, JsonValueKind.Array) => [.. value.EnumerateArray().Select(v => Text(property, v))],
            (OptionShape.Pools, JsonValueKind.Array) => [.. value.EnumerateArray().Select(v => $"base={Member(property, v, "base")},size={Member(property, v, "size")}")],
            (OptionShape.Map, JsonValueKind.Object) => [.. value.EnumerateObject().Select(p => $"{p.Name}={Text(property, p.Value)}")],
            (OptionShape.Nested, JsonValueKind.Object) => [.. value.EnumerateObject().SelectMany(p => Members(property, p.Value).Select(pair => $"{p.Name}={pair.Name}={Text(property, pair.Value)}"))],
            (OptionShape.Runtimes, JsonValueKind.Object) => [.. value.EnumerateObject().Select(p => $"{p.Name}={string.Join('\0', Arguments(property, p.Value).Prepend(Member(property, p.Value, "path")))}")],
            (OptionShape.Ulimits, JsonValueKind.Object) => [.. value.EnumerateObject().Select(p => $"{p.Name}={Member(property, p.Value, "Soft")}:{Member(property, p.Value, "Hard")}")],
            _ => throw Wrong(property),
        };
    }

    private static string Member(JsonProperty property, JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member)
            ? member.ValueKind is JsonValueKind.String or JsonValueKind.Number ? member.ToString() : throw Wrong(property)
            : throw new OptionException($"invalid value for {property.Name}: \"{name}\" is missing");

    private static IEnumerable<JsonProperty> Members(JsonProperty property, JsonElement element) =>
        element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : throw Wrong(property);

    private static IEnumerable<string> Arguments(JsonProperty property, JsonElement runtime) =>
        !runtime.TryGetProperty("runtimeArgs", out var list) ? []
        : list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(argument => Text(property, argument))
        : throw Wrong(property);

    private static string Text(JsonProperty property, JsonElement element) =>
        element.ValueKind is JsonValueKind.String ? element.GetString()! : throw Wrong(property);

    private static OptionException Wrong(JsonProperty property) =>
        new($"invalid value for {property.Name}: {property.Value.ValueKind} is not what this option takes");
}
