using System.Globalization;

namespace Slipway.Cli.Options;

/// <summary>The flags and arguments that were typed; values are valid for their kind already.</summary>
internal sealed class FlagValues(FlagTable table)
{
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    public List<string> Arguments { get; } = [];

    public bool HasAny => _values.Count > 0;

    public bool Has(string name) => _values.ContainsKey(name);

    public bool Bool(string name) => bool.TryParse(String(name), out bool value) && value;

    /// <summary>The last value given, else the default.</summary>
    public string String(string name) =>
        _values.TryGetValue(name, out List<string>? values) ? values[^1] : table.Find(name)?.Default ?? "";

    public string? StringOrNull(string name) => String(name) is { Length: > 0 } value ? value : null;

    public IReadOnlyList<string> List(string name) =>
        _values.TryGetValue(name, out List<string>? values) ? values : [];

    public long Int(string name) =>
        long.TryParse(String(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value) ? value : 0;

    public long? IntOrNull(string name) => Has(name) ? Int(name) : null;

    /// <summary>Nanoseconds.</summary>
    public long Duration(string name) => String(name) is { Length: > 0 } text ? GoDuration.Parse(text) : 0;

    public long Bytes(string name) => String(name) is { Length: > 0 } text ? ByteSize.Parse(text) : 0;

    /// <summary><c>key=value</c> pairs as a map; the last one of a key counts.</summary>
    public Dictionary<string, string> Map(string name)
    {
        Dictionary<string, string> map = new(StringComparer.Ordinal);
        foreach (string pair in List(name))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            map[equals < 0 ? pair : pair[..equals]] = equals < 0 ? "" : pair[(equals + 1)..];
        }

        return map;
    }

    public void Set(Flag flag, string value)
    {
        if (!_values.TryGetValue(flag.Name, out List<string>? values))
        {
            _values.Add(flag.Name, values = []);
        }

        if (flag.Kind == FlagKind.Strings)
        {
            values.AddRange(CommaFields.Read(value));
        }
        else
        {
            values.Add(value);
        }
    }
}
