using System.Text;

namespace Slipway.Compose.Logs;

/// <summary>Cuts a stream of bytes into lines and puts a prefix before each; whoever writes at the same time does so line by line.</summary>
/// <param name="write">Writes one whole line, its end included.</param>
/// <param name="prefix">What stands before each line.</param>
public sealed class LineSplitter(Action<string> write, string prefix)
{
    private const int MaxLine = 64 * 1024;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _line = new();

    /// <summary>Takes more bytes.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        char[] text = new char[_decoder.GetCharCount(bytes, flush: false)];
        _decoder.GetChars(bytes, text, flush: false);
        foreach (char c in text)
        {
            if (c == '\n' || _line.Length >= MaxLine)
            {
                Flush();
            }

            if (c != '\n')
            {
                _line.Append(c);
            }
        }
    }

    /// <summary>The last line, if it had no end.</summary>
    public void End()
    {
        if (_line.Length > 0)
        {
            Flush();
        }
    }

    private void Flush()
    {
        write(prefix + _line.ToString().TrimEnd('\r') + "\n");
        _line.Clear();
    }
}
