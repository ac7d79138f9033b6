namespace Slipway.Engine.Attach;

/// <summary>
/// The key sequence that leaves an attachment. Keys that may be the beginning of it are held back until the next key tells.
/// </summary>
public sealed class DetachKeys
{
    private static readonly byte[] Default = [16, 17];
    private readonly byte[] _sequence;
    private int _matched;

    private DetachKeys(byte[] sequence) => _sequence = sequence;

    /// <summary>How many bytes the filter may give back beyond what it was given: keys that it had held back.</summary>
    public int MaxHeld => _sequence.Length;

    /// <summary>Reads a sequence such as <c>ctrl-p,ctrl-q</c> or <c>a,ctrl-x</c>; empty takes <c>ctrl-p,ctrl-q</c>.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> for a key that does not exist.</exception>
    public static DetachKeys Parse(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return new DetachKeys(Default);
        }

        var keys = text.Split(',');
        var sequence = new byte[keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            sequence[i] = Key(keys[i]) ?? throw EngineException.Invalid($"Invalid detach keys ({text}) provided");
        }

        return new DetachKeys(sequence);
    }

    /// <summary>Copies what the client typed to <paramref name="output"/>, without the sequence.</summary>
    /// <param name="input">What was typed.</param>
    /// <param name="output">Room for <paramref name="input"/> and <see cref="MaxHeld"/> bytes more.</param>
    /// <param name="written">How many bytes to send on.</param>
    /// <returns>True when the sequence was completed; what follows it is dropped.</returns>
    public bool Filter(ReadOnlySpan<byte> input, Span<byte> output, out int written)
    {
        written = 0;
        foreach (var key in input)
        {
            if (key == _sequence[_matched])
            {
                if (++_matched == _sequence.Length)
                {
                    _matched = 0;
                    return true;
                }

                continue;
            }

            _sequence.AsSpan(0, _matched).CopyTo(output[written..]);
            written += _matched;
            _matched = 0;
            if (key == _sequence[0])
            {
                _matched = 1;
            }
            else
            {
                output[written++] = key;
            }
        }

        return false;
    }

    private static byte? Key(string name)
    {
        if (name.Length == 1 && char.IsAscii(name[0]))
        {
            return (byte)name[0];
        }

        return name.Length == 6 && name.StartsWith("ctrl-", StringComparison.Ordinal) && name[5] is (>= 'a' and <= 'z') or '@' or '[' or '\\' or ']' or '^' or '_'
            ? (byte)(name[5] & 0x1F)
            : name == "DEL" ? (byte)127 : null;
    }
}
