namespace Slipway.Cli.Streams;

/// <summary>Watches what is typed for the keys that detach, and holds back the start of a possible match.</summary>
internal sealed class DetachKeys
{
    /// <summary>Ctrl-P, Ctrl-Q.</summary>
    private static readonly byte[] s_usual = [16, 17];

    private readonly byte[] _keys;
    private int _matched;

    /// <param name="text">Such as <c>ctrl-p,ctrl-q</c> or <c>ctrl-a,d</c>; empty for the usual ones.</param>
    /// <exception cref="CommandException">A key that does not exist.</exception>
    public DetachKeys(string text) => _keys = text.Length == 0 ? s_usual : [.. text.Split(',').Select(Key)];

    /// <summary>Passes input on.</summary>
    /// <param name="input">What was typed.</param>
    /// <param name="output">Receives what is to be sent, at least as large as the input and the keys together.</param>
    /// <param name="length">Bytes to send.</param>
    /// <returns>True when the keys were complete; what was typed after them is dropped.</returns>
    public bool Pass(ReadOnlySpan<byte> input, Span<byte> output, out int length)
    {
        length = 0;
        foreach (byte key in input)
        {
            if (key != _keys[_matched] && _matched > 0)
            {
                _keys.AsSpan(0, _matched).CopyTo(output[length..]);
                length += _matched;
                _matched = 0;
            }

            if (key != _keys[_matched])
            {
                output[length++] = key;
            }
            else if (++_matched == _keys.Length)
            {
                _matched = 0;
                return true;
            }
        }

        return false;
    }

    private static byte Key(string text)
    {
        if (text.Length == 1)
        {
            return (byte)text[0];
        }

        char letter = text.StartsWith("ctrl-", StringComparison.OrdinalIgnoreCase) && text.Length == 6 ? char.ToLowerInvariant(text[5]) : '\0';
        return letter switch
        {
            >= 'a' and <= 'z' => (byte)(letter - 'a' + 1),
            '@' => 0, '[' => 27, '\\' => 28, ']' => 29, '^' => 30, '_' => 31,
            _ => throw new CommandException($"Unknown character: '{text}'"),
        };
    }
}
