namespace Slipway.Distribution.Authorization;

/// <summary>One challenge of <c>WWW-Authenticate</c> (RFC 9110, 11.6.1).</summary>
/// <param name="Scheme">In lower case.</param>
/// <param name="Parameters">Names in lower case.</param>
internal sealed record Challenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    private const int MostParameters = 16;

    internal string this[string name] => Parameters.GetValueOrDefault(name, "");

    /// <summary>Reads one header value; what cannot be read is left out.</summary>
    internal static Challenge Parse(string text)
    {
        var rest = text.AsSpan().Trim();
        var blank = rest.IndexOf(' ');
        var scheme = (blank < 0 ? rest : rest[..blank]).ToString().ToLowerInvariant();
        var parameters = new Dictionary<string, string>();
        rest = blank < 0 ? [] : rest[blank..];
        while (parameters.Count < MostParameters)
        {
            rest = rest.TrimStart(" ,\t");
            var equals = rest.IndexOf('=');
            if (equals <= 0)
            {
                break;
            }

            var name = rest[..equals].Trim().ToString().ToLowerInvariant();
            rest = rest[(equals + 1)..].TrimStart();
            parameters[name] = rest is ['"', ..] ? Quoted(ref rest) : Plain(ref rest);
        }

        return new Challenge(scheme, parameters);
    }

    private static string Plain(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAny(',', ' ');
        var value = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[end..];
        return value.ToString();
    }

    private static string Quoted(ref ReadOnlySpan<char> rest)
    {
        var value = new System.Text.StringBuilder();
        var i = 1;
        for (; i < rest.Length && rest[i] != '"'; i++)
        {
            i += rest[i] == '\\' && i + 1 < rest.Length ? 1 : 0;
            value.Append(rest[i]);
        }

        rest = i < rest.Length ? rest[(i + 1)..] : [];
        return value.ToString();
    }
}
