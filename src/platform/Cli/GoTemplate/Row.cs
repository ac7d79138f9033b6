using System.Text.Json.Nodes;

namespace Slipway.Cli.GoTemplate;

/// <summary>
/// One line of a listing as templates see it: named fields that are computed when asked for, and methods such as
/// <c>.Label "key"</c>. As JSON it is an object with its fields in alphabetical order.
/// </summary>
internal sealed class Row
{
    private readonly SortedDictionary<string, Func<object?>> _fields = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Func<string, object?>> _methods = new(StringComparer.Ordinal);

    public Row Field(string name, Func<object?> value)
    {
        _fields[name] = value;
        return this;
    }

    public Row Field(string name, string value) => Field(name, () => value);

    public Row Method(string name, Func<string, object?> value)
    {
        _methods[name] = value;
        return this;
    }

    public bool TryGet(string name, IReadOnlyList<object?> arguments, out object? value)
    {
        value = null;
        if (arguments.Count == 1 && _methods.TryGetValue(name, out Func<string, object?>? method))
        {
            value = method(Values.Print(arguments[0]));
            return true;
        }

        if (arguments.Count > 0 || !_fields.TryGetValue(name, out Func<object?>? field))
        {
            return false;
        }

        value = field();
        return true;
    }

    public JsonObject ToJson()
    {
        JsonObject json = [];
        foreach ((string name, Func<object?> value) in _fields)
        {
            json[name] = Values.ToJson(value());
        }

        return json;
    }
}
