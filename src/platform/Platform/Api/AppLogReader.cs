using System.Text;
using Slipway.Client;
using Slipway.Platform.Secrets;

namespace Slipway.Platform.Api;

/// <summary>Writes the logs of an application's containers, line by line and without secrets, into an answer.</summary>
internal sealed class AppLogReader(EngineClient engine, Redaction redaction, HttpResponse response)
{
    private const int MaxLine = 64 * 1024;
    private readonly SemaphoreSlim _turn = new(1, 1);

    internal Task WriteAsync(IReadOnlyList<string> containers, bool follow, int tail, CancellationToken cancellation) =>
        Task.WhenAll(containers.Select(container => ReadAsync(container, containers.Count > 1 ? container + " | " : "", follow, tail, cancellation)));

    private async Task ReadAsync(string container, string prefix, bool follow, int tail, CancellationToken cancellation)
    {
        var log = await engine.ContainerLogsAsync(container, new LogOptions { Follow = follow, Tail = tail.ToString(System.Globalization.CultureInfo.InvariantCulture) }, cancellation).ConfigureAwait(false);
        await using var closing = log.ConfigureAwait(false);
        var (frames, buffer, lines) = (new MultiplexedStream(log), new byte[16 * 1024], new Dictionary<DockerApi.StdStream, MemoryStream>());
        while (true)
        {
            var (stream, count) = await frames.ReadAsync(buffer, cancellation).ConfigureAwait(false);
            if (count == 0)
            {
                return;
            }

            if (!lines.TryGetValue(stream, out var line))
            {
                lines.Add(stream, line = new MemoryStream());
            }

            for (var start = 0; start < count;)
            {
                var end = Array.IndexOf(buffer, (byte)'\n', start, count - start);
                line.Write(buffer, start, (end < 0 ? count : end) - start);
                start = end < 0 ? count : end + 1;
                if (end >= 0 || line.Length > MaxLine)
                {
                    await LineAsync(prefix + Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length), cancellation).ConfigureAwait(false);
                    line.SetLength(0);
                }
            }
        }
    }

    private async Task LineAsync(string line, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await response.WriteAsync(redaction.Apply(line) + "\n", cancellation).ConfigureAwait(false);
            await response.Body.FlushAsync(cancellation).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }
}
