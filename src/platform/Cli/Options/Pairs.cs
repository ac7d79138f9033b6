namespace Slipway.Cli.Options;

/// <summary><c>key=value</c> texts.</summary>
internal static class Pairs
{
    /// <summary>Cuts at the first equals sign; the value is empty when there is none.</summary>
    public static (string Key, string Value) Split(string text, char separator = '=')
    {
        int at = text.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? (text, "") : (text[..at], text[(at + 1)..]);
    }
}
