using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Slipway.Cli.Streams;

/// <summary>Path and query of a request; empty values are left out.</summary>
internal sealed class ApiPath
{
    private readonly StringBuilder _text;
    private bool _hasQuery;

    private ApiPath(string path) => _text = new StringBuilder(path);

    /// <summary>A path whose placeholders are names: <c>ApiPath.Of("/containers/", id, "/json")</c>.</summary>
    public static ApiPath Of(string prefix, string name = "", string suffix = "") => new(prefix + Escape(name) + suffix);

    public ApiPath With(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _text.Append(_hasQuery ? '&' : '?').Append(name).Append('=').Append(Uri.EscapeDataString(value));
            _hasQuery = true;
        }

        return this;
    }

    public ApiPath With(string name, bool value) => With(name, value ? "1" : null);

    public ApiPath With(string name, long? value) => With(name, value?.ToString(CultureInfo.InvariantCulture));

    public ApiPath With(string name, IEnumerable<string> values)
    {
        foreach (string value in values)
        {
            With(name, value);
        }

        return this;
    }

    /// <summary>Values of <c>--filter</c>, <c>key=value</c> each.</summary>
    public ApiPath Filters(IEnumerable<string> filters)
    {
        JsonObject map = [];
        foreach (string filter in filters)
        {
            int equals = filter.IndexOf('=', StringComparison.Ordinal);
            string key = filter[..equals].Trim().ToLowerInvariant();
            if (map[key] is not JsonObject values)
            {
                map[key] = values = [];
            }

            values[filter[(equals + 1)..].Trim()] = true;
        }

        return With("filters", map.Count == 0 ? null : map.ToJsonString());
    }

    public override string ToString() => _text.ToString();

    // Names of images keep their slashes, colons and at-signs.
    private static string Escape(string name) => Uri.EscapeDataString(name)
        .Replace("%2F", "/", StringComparison.Ordinal).Replace("%3A", ":", StringComparison.Ordinal).Replace("%40", "@", StringComparison.Ordinal);
}
