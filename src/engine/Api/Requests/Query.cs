using System.Globalization;
using System.Text;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api.Requests;

/// <summary>The query of a request, read with Docker's rules: what counts as true, how numbers fail, how filters look.</summary>
internal sealed class Query
{
    private readonly Dictionary<string, List<string>> _values = new(StringComparer.Ordinal);

    /// <summary>Reads the text after the question mark.</summary>
    public Query(ReadOnlySpan<char> text)
    {
        foreach (var range in text.Split('&'))
        {
            var pair = text[range];
            if (pair.IsEmpty)
            {
                continue;
            }

            var equals = pair.IndexOf('=');
            var name = Decode(equals < 0 ? pair : pair[..equals]);
            var value = equals < 0 ? "" : Decode(pair[(equals + 1)..]);
            if (_values.TryGetValue(name, out var list))
            {
                list.Add(value);
            }
            else
            {
                _values[name] = [value];
            }
        }
    }

    /// <summary>The first value, or the empty string.</summary>
    public string this[string name] => _values.TryGetValue(name, out var list) ? list[0] : "";

    /// <summary>Whether the parameter was sent at all.</summary>
    public bool Has(string name) => _values.ContainsKey(name);

    /// <summary>Every value that was sent.</summary>
    public IReadOnlyList<string> All(string name) => _values.TryGetValue(name, out var list) ? list : [];

    /// <summary>The value, or null when it is absent or empty.</summary>
    public string? Optional(string name) => this[name] is { Length: > 0 } value ? value : null;

    /// <summary>Docker's truth: anything but empty, <c>0</c>, <c>no</c>, <c>false</c> and <c>none</c>; <paramref name="absent"/> when not sent.</summary>
    public bool Flag(string name, bool absent = false) =>
        _values.ContainsKey(name) ? this[name].Trim().ToLowerInvariant() is not ("" or "0" or "no" or "false" or "none") : absent;

    /// <summary>A whole number, or null when absent or empty.</summary>
    /// <exception cref="EngineException">It is not one.</exception>
    public int? Int(string name)
    {
        if (Optional(name) is not { } text)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw EngineException.Invalid(NumberError(text));
    }

    /// <summary>A whole number of 64 bits, or null when absent or empty.</summary>
    /// <exception cref="EngineException">It is not one.</exception>
    public long? Long(string name)
    {
        if (Optional(name) is not { } text)
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw EngineException.Invalid(NumberError(text));
    }

    /// <summary>The <c>filters</c> parameter.</summary>
    /// <exception cref="EngineException">It is malformed.</exception>
    public Filters Filters()
    {
        try
        {
            return DockerApi.Filters.Parse(this["filters"]);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or ArgumentException)
        {
            throw EngineException.Invalid(e.Message.StartsWith("invalid filter", StringComparison.Ordinal) ? e.Message : "invalid filter: " + e.Message, e);
        }
    }

    /// <summary>Percent-decodes; <c>+</c> is a blank in a query but not in a path.</summary>
    public static string Decode(ReadOnlySpan<char> text, bool plusIsBlank = true)
    {
        if (text.IndexOfAny('%', '+') < 0)
        {
            return new string(text);
        }

        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%' && i + 2 < text.Length && byte.TryParse(text.Slice(i + 1, 2), NumberStyles.AllowHexSpecifier, null, out var value))
            {
                bytes[length++] = value;
                i += 2;
            }
            else
            {
                var c = text[i] == '+' && plusIsBlank ? " " : text.Slice(i, 1);
                length += Encoding.UTF8.GetBytes(c, bytes.AsSpan(length));
            }
        }

        return Encoding.UTF8.GetString(bytes, 0, length);
    }

    private static string NumberError(string text) =>
        text.AsSpan().TrimStart('-').IndexOfAnyExceptInRange('0', '9') < 0 && text is not "-"
            ? $"strconv.Atoi: parsing \"{text}\": value out of range"
            : $"strconv.Atoi: parsing \"{text}\": invalid syntax";
}
