using System.Text;
using Slipway.DockerApi;

namespace Slipway.Engine.Logs;

/// <summary>
/// Chooses records and turns them into what a client sees. It knows for each stream whether a line has begun, since only the first
/// piece of a line gets a time and is judged by it.
/// </summary>
internal sealed class LogFormat(LogRequest request, IReadOnlyDictionary<string, string> attributes)
{
    // So that a prefix and a record fit into a batch.
    private const int MaxDetails = 16 << 10;

    private readonly byte[] _details = request.Details ? Details(attributes) : [];
    private readonly bool _judgesTime = request.SinceNanoseconds is not null || request.UntilNanoseconds is not null;
    private LineState _stdout;
    private LineState _stderr;

    /// <summary>How many lines, of both streams, are still to be left out.</summary>
    internal long Skip { get; set; }

    /// <summary>Whether a line later than the request's end was seen.</summary>
    internal bool IsPastEnd { get; private set; }

    /// <summary>Adds a record to a batch.</summary>
    /// <returns>False when the batch must be sent first; then nothing has changed.</returns>
    internal bool TryAdd(in LogRecord record, LogBatch batch)
    {
        ref var line = ref record.Stream == StdStream.Stdout ? ref _stdout : ref _stderr;
        var wanted = line.Begun ? line.Wanted : IsWanted(record);
        if (wanted && !IsPastEnd)
        {
            var prefix = line.Begun ? 0 : (request.Timestamps ? LogTime.Length + 1 : 0) + _details.Length;
            if (!batch.TryReserve(record.Stream, prefix + record.Text.Length + (record.IsPartial ? 0 : 1), out var target))
            {
                return false;
            }

            WritePrefix(record, target[..prefix]);
            record.Text.CopyTo(target[prefix..]);
            if (!record.IsPartial)
            {
                target[^1] = (byte)'\n';
            }
        }

        if (!line.Begun && Skip > 0)
        {
            Skip--;
        }

        line = new LineState(record.IsPartial, wanted);
        return true;
    }

    private bool IsWanted(in LogRecord record)
    {
        if (_judgesTime && LogTime.Parse(record.Time) is { } time)
        {
            if (time > request.UntilNanoseconds)
            {
                IsPastEnd = true;
            }

            if (time < request.SinceNanoseconds)
            {
                return false;
            }
        }

        return Skip == 0 && (record.Stream == StdStream.Stdout ? request.Stdout : request.Stderr);
    }

    private void WritePrefix(in LogRecord record, Span<byte> prefix)
    {
        if (prefix.Length == 0)
        {
            return;
        }

        if (request.Timestamps)
        {
            LogTime.Write(record.Time, prefix);
            prefix[LogTime.Length] = (byte)' ';
        }

        _details.CopyTo(prefix[^_details.Length..]);
    }

    // name=value pairs as in a query, with a space behind; the space is there without pairs too.
    private static byte[] Details(IReadOnlyDictionary<string, string> attributes)
    {
        var pairs = attributes.OrderBy(a => a.Key, StringComparer.Ordinal).Select(a => $"{Escape(a.Key)}={Escape(a.Value)}");
        var text = Encoding.ASCII.GetBytes(string.Join(',', pairs));
        return [.. text.AsSpan(0, Math.Min(text.Length, MaxDetails)), (byte)' '];
    }

    private static string Escape(string text) => Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal);

    private readonly record struct LineState(bool Begun, bool Wanted);
}
