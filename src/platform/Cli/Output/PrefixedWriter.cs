using System.Text;

namespace Slipway.Cli.Output;

/// <summary>Writes whole lines with a prefix, so that several that write at the same time can be told apart.</summary>
/// <param name="output">Where to.</param>
/// <param name="prefix">What stands before each line.</param>
internal sealed class PrefixedWriter(TextWriter output, string prefix) : TextWriter
{
    private readonly Lock _lock = new();
    private readonly StringBuilder _line = new();

    public override Encoding Encoding => output.Encoding;

    public override void Write(char value)
    {
        lock (_lock)
        {
            if (value != '\n')
            {
                _line.Append(value);
                return;
            }

            if (_line.Length > 0)
            {
                output.WriteLine(prefix + _line.ToString().TrimEnd('\r'));
                _line.Clear();
            }
        }
    }

    public override void Flush() => output.Flush();

    protected override void Dispose(bool disposing)
    {
        if (disposing && _line.Length > 0)
        {
            Write('\n');
        }

        base.Dispose(disposing);
    }
}
