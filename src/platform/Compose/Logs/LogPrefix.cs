using System.Globalization;

namespace Slipway.Compose.Logs;

/// <summary>Names before lines of output: as wide as the widest, and each in a colour of its own.</summary>
/// <param name="color">Whether there are colours.</param>
/// <param name="width">Columns of the widest name.</param>
public sealed class LogPrefix(bool color, int width)
{
    private static readonly int[] s_colors = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);

    /// <summary><c>name  | </c>.</summary>
    public string Of(string name)
    {
        string text = name.PadRight(width) + "  | ";
        if (!color)
        {
            return text;
        }

        lock (_names)
        {
            if (!_names.TryGetValue(name, out int place))
            {
                _names[name] = place = _names.Count;
            }

            return string.Create(CultureInfo.InvariantCulture, $"\u001b[{s_colors[place % s_colors.Length]}m{text}\u001b[0m");
        }
    }
}
