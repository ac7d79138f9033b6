using System.Text;

namespace Slipway.Linux;

/// <summary>
/// File names as text. Names are UTF-8; a byte that is no valid UTF-8 becomes the lone low surrogate U+DC00 + byte (U+DC80…U+DCFF), so that
/// any byte string survives <see cref="Decode"/> and <see cref="Encode(string)"/> unchanged.
/// </summary>
public static class PathText
{
    /// <summary>The text of raw name bytes (without the closing NUL).</summary>
    public static string Decode(ReadOnlySpan<byte> raw)
    {
        if (System.Text.Unicode.Utf8.IsValid(raw))
        {
            return Encoding.UTF8.GetString(raw);
        }

        var text = new StringBuilder(raw.Length);
        Span<char> pair = stackalloc char[2];
        while (!raw.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(raw, out var rune, out var used) == System.Buffers.OperationStatus.Done)
            {
                text.Append(pair[..rune.EncodeToUtf16(pair)]);
                raw = raw[used..];
            }
            else
            {
                text.Append((char)(0xDC00 + raw[0]));
                raw = raw[1..];
            }
        }

        return text.ToString();
    }

    /// <summary>The raw bytes of a name.</summary>
    /// <exception cref="ArgumentException">The text contains NUL or a surrogate that no byte stands for.</exception>
    public static byte[] Encode(string text) => Encode(text, 0);

    /// <summary>The raw bytes followed by NUL, as system calls want them.</summary>
    internal static byte[] Terminated(string text) => Encode(text, 1);

    private static byte[] Encode(string text, int spare)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("a path must not contain NUL", nameof(text));
        }

        return text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? Plain(text, spare) : Escaped(text, spare);
    }

    private static byte[] Plain(string text, int spare)
    {
        var raw = new byte[Encoding.UTF8.GetByteCount(text) + spare];
        Encoding.UTF8.GetBytes(text, raw);
        return raw;
    }

    private static byte[] Escaped(string text, int spare)
    {
        var raw = new byte[(text.Length * 3) + spare];
        var length = 0;
        for (var i = 0; i < text.Length;)
        {
            if (Rune.TryGetRuneAt(text, i, out var rune))
            {
                length += rune.EncodeToUtf8(raw.AsSpan(length));
                i += rune.Utf16SequenceLength;
                continue;
            }

            if (text[i] is < '\uDC80' or > '\uDCFF')
            {
                throw new ArgumentException("a path must not contain lone surrogates", nameof(text));
            }

            raw[length++] = (byte)(text[i++] - 0xDC00);
        }

        return raw[..(length + spare)];
    }
}
