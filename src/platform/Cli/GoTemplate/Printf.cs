using System.Globalization;
using System.Text;

namespace Slipway.Cli.GoTemplate;

/// <summary>The part of Go's <c>fmt.Sprintf</c> that formats are written with: flags, width, precision and the usual verbs.</summary>
internal static class Printf
{
    // A width beyond this would only fill memory.
    private const int LargestWidth = 10_000;

    public static string Format(string format, IReadOnlyList<object?> arguments)
    {
        StringBuilder output = new();
        int next = 0;
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%')
            {
                output.Append(format[i]);
                continue;
            }

            Directive directive = Directive.Read(format, ref i);
            if (directive.Verb == '%')
            {
                output.Append('%');
            }
            else if (directive.Verb == '\0')
            {
                output.Append("%!(NOVERB)");
            }
            else
            {
                output.Append(next < arguments.Count ? directive.Apply(arguments[next]) : $"%!{directive.Verb}(MISSING)");
                next++;
            }
        }

        return next < arguments.Count
            ? output.Append(CultureInfo.InvariantCulture, $"%!(EXTRA {string.Join(", ", arguments.Skip(next).Select(Values.Print))})").ToString()
            : output.ToString();
    }

    private sealed record Directive(char Verb, string Flags, int Width, int Precision)
    {
        public static Directive Read(string format, ref int at)
        {
            int start = ++at;
            while (at < format.Length && format[at] is '-' or '+' or '#' or '0' or ' ')
            {
                at++;
            }

            string flags = format[start..at];
            int width = Number(format, ref at);
            int precision = -1;
            if (at < format.Length && format[at] == '.')
            {
                at++;
                precision = Math.Max(0, Number(format, ref at));
            }

            return new Directive(at < format.Length ? format[at] : '\0', flags, width, precision);
        }

        public string Apply(object? value)
        {
            string text = Verb switch
            {
                'v' or 's' => Cut(Values.Print(value)),
                'q' => Values.JsonText(Cut(Values.Print(value))),
                't' => Values.Print(value),
                'd' when value is long => Sign(value, Values.Print(value)),
                'x' when value is long number => number.ToString("x", CultureInfo.InvariantCulture),
                'X' when value is long number => number.ToString("X", CultureInfo.InvariantCulture),
                'x' when value is string hex => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(hex)),
                'c' when value is long rune => char.ConvertFromUtf32((int)rune),
                'f' or 'F' when value is double or long =>
                    Sign(value, Convert.ToDouble(value, CultureInfo.InvariantCulture).ToString("F" + (Precision < 0 ? 6 : Precision), CultureInfo.InvariantCulture)),
                'e' or 'g' when value is double or long => Values.Print(value),
                _ => $"%!{Verb}({Values.Print(value)})",
            };
            return Fill(text, value is long or double);
        }

        private string Cut(string text) => Precision >= 0 && Precision < text.Length ? text[..Precision] : text;

        private string Sign(object? value, string text) =>
            Flags.Contains('+') && Comparison.Order(value, 0L) >= 0 ? "+" + text : text;

        private string Fill(string text, bool numeric) => Flags.Contains('-') ? text.PadRight(Math.Max(Width, 0))
            : Flags.Contains('0') && numeric ? (text.StartsWith('-') ? "-" + text[1..].PadLeft(Math.Max(Width - 1, 0), '0') : text.PadLeft(Math.Max(Width, 0), '0'))
            : text.PadLeft(Math.Max(Width, 0));

        private static int Number(string format, ref int at)
        {
            int start = at;
            int number = 0;
            while (at < format.Length && char.IsAsciiDigit(format[at]))
            {
                number = Math.Min((number * 10) + format[at++] - '0', LargestWidth);
            }

            return at > start ? number : -1;
        }
    }
}
