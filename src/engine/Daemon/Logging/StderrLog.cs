using Microsoft.Extensions.Logging;

namespace Slipway.Daemon.Logging;

/// <summary>Writes events to standard error, each with one write, so that lines of several threads never mix.</summary>
/// <param name="time">The clock of the lines.</param>
/// <param name="json">Whether lines are JSON objects.</param>
public sealed class StderrLog(TimeProvider time, bool json) : ILoggerFactory
{
    private readonly Stream _output = Console.OpenStandardError();
    private readonly Lock _lock = new();

    /// <summary>Events below this level are not written; may change while running.</summary>
    public LogLevel Least { get; set; } = LogLevel.Information;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new RoomLogger(this, categoryName);

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("the daemon logs to standard error only");

    /// <inheritdoc/>
    public void Dispose() => _output.Dispose();

    /// <summary>The level behind a name of <c>--log-level</c>.</summary>
    public static LogLevel Level(string name) => name switch
    {
        "debug" => LogLevel.Debug,
        "warn" => LogLevel.Warning,
        "error" => LogLevel.Error,
        "fatal" => LogLevel.Critical,
        _ => LogLevel.Information,
    };

    private void Write(LogLevel level, string room, string message, Exception? error)
    {
        var now = time.GetUtcNow();
        var line = json ? LogLine.Json(now, level, room, message, error) : LogLine.Text(now, level, room, message, error);
        try
        {
            lock (_lock)
            {
                _output.Write(line);
            }
        }
        catch (IOException)
        {
            // Whoever read our log is gone. The daemon goes on without.
        }
    }

    private sealed class RoomLogger(StderrLog log, string category) : ILogger
    {
        // The web server speaks of every connection; only its troubles matter here.
        private readonly bool _foreign = category.StartsWith("Microsoft.", StringComparison.Ordinal);
        private readonly string _room = category[(category.LastIndexOf('.') + 1)..];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= (_foreign ? LogLevel.Warning : log.Least) && logLevel < LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                log.Write(logLevel, _room, formatter(state, exception), exception);
            }
        }
    }
}
