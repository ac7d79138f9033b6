using System.Globalization;
using System.Text;
using Slipway.Platform.Secrets;

namespace Slipway.Platform.Logs;

/// <summary>The log of a deployment that runs: lines with their time, in a file, without secrets.</summary>
public sealed class DeploymentLog : IDisposable
{
    private const long MaxBytes = 16 * 1024 * 1024;
    private const int MaxLine = 8 * 1024;

    private readonly Lock _gate = new();
    private readonly FileStream _file;
    private readonly TimeProvider _time;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _full;
    private bool _ended;

    internal DeploymentLog(string path, TimeProvider time)
    {
        _time = time;
        _file = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read, BufferSize = 0, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    /// <summary>What is taken out of every line.</summary>
    public Redaction Redaction { get; set; } = Redaction.None;

    internal Task Changed => _changed.Task;

    /// <summary>Writes lines.</summary>
    public void Write(string text)
    {
        var time = _time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        var lines = new StringBuilder();
        foreach (var line in Redaction.Apply(text.TrimEnd('\n')).Split('\n'))
        {
            lines.Append(time).Append(' ').Append(Plain(line)).Append('\n');
        }

        Append(Encoding.UTF8.GetBytes(lines.ToString()));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _ended = true;
            _file.Dispose();
        }

        _changed.TrySetResult();
    }

    // Escape sequences of terminals stay out: a log is also read in a terminal.
    private static string Plain(string line)
    {
        var text = line.Length > MaxLine ? line[..MaxLine] + " …" : line;
        return string.Concat(text.Where(character => !char.IsControl(character) || character == '\t'));
    }

    private void Append(byte[] bytes)
    {
        lock (_gate)
        {
            if (_full || _ended)
            {
                return;
            }

            _full = _file.Length + bytes.Length > MaxBytes;
            _file.Write(_full ? "1970-01-01T00:00:00.000Z The log is full; what follows is not kept.\n"u8 : bytes);
            Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }
}
