namespace Slipway.Build.Graph;

/// <summary>Takes credentials out of addresses before they are shown or stored.</summary>
public static class Redaction
{
    /// <summary>The text with <c>user:password@</c> of every address replaced by <c>xxxxx:xxxxx@</c>.</summary>
    public static string Apply(string text)
    {
        for (var at = text.IndexOf("://", StringComparison.Ordinal); at >= 0; at = text.IndexOf("://", at + 3, StringComparison.Ordinal))
        {
            var start = at + 3;
            var length = text.AsSpan(start).IndexOfAny("/ \t\n\"'#?");
            var host = length < 0 ? text[start..] : text.Substring(start, length);
            var sign = host.LastIndexOf('@');
            if (sign >= 0)
            {
                var hidden = host[..sign].Contains(':', StringComparison.Ordinal) ? "xxxxx:xxxxx" : "xxxxx";
                text = string.Concat(text.AsSpan(0, start), hidden, text.AsSpan(start + sign));
            }
        }

        return text;
    }
}
