using System.Text;
using Microsoft.Extensions.Logging;
using Slipway.DockerApi;
using Slipway.Engine.Logs;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Logs;

/// <summary>Reads logs for tests and keeps what came, by stream and together; and what the daemon's log would say.</summary>
internal sealed class LogCollector : ILogger, IDisposable
{
    private readonly ProcessWatch _watch = new();
    private readonly DirectorySignals _signals;
    private readonly MemoryStream _all = new();
    private readonly MemoryStream _stdout = new();
    private readonly MemoryStream _stderr = new();

    internal LogCollector() => _signals = new DirectorySignals(_watch);

    internal List<string> Notes { get; } = [];

    internal string All => Text(_all);

    internal string Stdout => Text(_stdout);

    internal string Stderr => Text(_stderr);

    internal byte[] Bytes => _all.ToArray();

    internal DirectorySignals Signals => _signals;

    internal static LogSource Ended(string path) => new(path, new Dictionary<string, string>(), () => false, () => Task.CompletedTask);

    internal static LogSource Running(ConmonContainer container)
    {
        var end = container.EndTask();
        return new LogSource(container.LogPath, new Dictionary<string, string>(), () => !end.IsCompleted, () => end);
    }

    internal async Task<LogCollector> ReadAsync(LogSource source, LogRequest? request = null, CancellationToken cancel = default)
    {
        await new LogStream(_signals, TimeProvider.System, this).ReadAsync(source, request ?? new LogRequest(true, true), Take, cancel);
        return this;
    }

    public void Dispose()
    {
        _signals.Dispose();
        _watch.Dispose();
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (Notes)
        {
            Notes.Add(formatter(state, exception));
        }
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    private static string Text(MemoryStream stream) => Encoding.Latin1.GetString(stream.ToArray());

    private ValueTask Take(StdStream stream, ReadOnlyMemory<byte> data)
    {
        _all.Write(data.Span);
        (stream == StdStream.Stdout ? _stdout : _stderr).Write(data.Span);
        return default;
    }
}
