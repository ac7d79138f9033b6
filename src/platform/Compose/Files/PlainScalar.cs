using System.Globalization;

namespace Slipway.Compose.Files;

/// <summary>What unquoted text means, with the rules of the YAML library that Compose files grew up with (YAML 1.2 plus old octal numbers).</summary>
internal static class PlainScalar
{
    public static Scalar Resolve(Position at, string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => new Scalar(at, "", ScalarKind.Null),
        "true" or "True" or "TRUE" => new Scalar(at, "true", ScalarKind.Boolean),
        "false" or "False" or "FALSE" => new Scalar(at, "false", ScalarKind.Boolean),
        _ => Number(at, text) ?? new Scalar(at, text),
    };

    private static Scalar? Number(Position at, string text)
    {
        char first = text[0];
        if (!char.IsAsciiDigit(first) && first is not ('-' or '+' or '.'))
        {
            return null;
        }

        if (Integer(text) is { } whole)
        {
            return new Scalar(at, whole.ToString(CultureInfo.InvariantCulture), ScalarKind.Integer);
        }

        // A date, an address or a version is no number; neither are .inf and .nan in any key of an application.
        return text.All(c => char.IsAsciiDigit(c) || c is '.' or '-' or '+' or 'e' or 'E') && text.Any(char.IsAsciiDigit)
            && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) && double.IsFinite(real)
            ? new Scalar(at, Float(real), ScalarKind.Float) : null;
    }

    /// <summary>Decimal, <c>0x</c>, <c>0o</c>, <c>0b</c> and old octal (<c>0755</c>).</summary>
    public static long? Integer(string text)
    {
        bool negative = text.StartsWith('-');
        string digits = text.TrimStart(text.Length > 0 && text[0] is '-' or '+' ? text[0] : '\0').Replace("_", "", StringComparison.Ordinal);
        if (digits.Length == 0 || !char.IsAsciiDigit(digits[0]))
        {
            return null;
        }

        (int radix, int skip) = digits switch
        {
            ['0', 'x' or 'X', ..] => (16, 2),
            ['0', 'o' or 'O', ..] => (8, 2),
            ['0', 'b' or 'B', ..] => (2, 2),
            ['0', _, ..] => (8, 1),
            _ => (10, 0),
        };
        long value = 0;
        foreach (char c in digits.AsSpan(skip))
        {
            int digit = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : 99;
            if (digit >= radix || value > (long.MaxValue - digit) / radix)
            {
                return null;
            }

            value = (value * radix) + digit;
        }

        return digits.Length == skip ? null : negative ? -value : value;
    }

    /// <summary>The shortest text that reads back as the same number, as Go prints it.</summary>
    public static string Float(double value) =>
        Math.Abs(value) is >= 1e21 or (< 1e-4 and > 0)
            ? value.ToString("0.################e+00", CultureInfo.InvariantCulture)
            : ((decimal)Math.Abs(value) < 79_000_000_000_000_000_000m ? ((decimal)value).ToString("0.############################", CultureInfo.InvariantCulture)
                : value.ToString("F0", CultureInfo.InvariantCulture));
}
