using System.Text;

namespace Slipway.Platform.Secrets;

/// <summary>Replaces secrets in lines of logs. Values of several lines are replaced line by line; values shorter than four characters are too common to be replaced.</summary>
public sealed class Redaction
{
    private const int Shortest = 4;
    private const string Mask = "***";

    private readonly string[] _values;

    /// <param name="secrets">Values that must not be seen.</param>
    public Redaction(IEnumerable<string> secrets) =>
        _values = [.. secrets.SelectMany(Forms).Where(value => value.Length >= Shortest).Distinct(StringComparer.Ordinal).OrderByDescending(value => value.Length)];

    /// <summary>Nothing is secret.</summary>
    public static Redaction None { get; } = new([]);

    /// <summary>The text without secrets.</summary>
    public string Apply(string text)
    {
        foreach (var value in _values)
        {
            text = text.Replace(value, Mask, StringComparison.Ordinal);
        }

        return text;
    }

    private static IEnumerable<string> Forms(string value) =>
        [.. value.Split('\n').Select(line => line.TrimEnd('\r')), Uri.EscapeDataString(value), Convert.ToBase64String(Encoding.UTF8.GetBytes(value))];
}
