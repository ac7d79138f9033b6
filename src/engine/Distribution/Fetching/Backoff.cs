using Slipway.Distribution.Transport;
using Slipway.Engine;

namespace Slipway.Distribution.Fetching;

/// <summary>Decides whether and when something that failed is tried again: pauses double, and every new byte begins the count anew.</summary>
internal sealed class Backoff(DistributionOptions options, TimeProvider time)
{
    private const int MostAttemptsOverall = 1000;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(60);

    private int _failures;
    private int _overall;

    /// <summary>Notes that the attempt brought something.</summary>
    internal void Progressed() => _failures = 0;

    /// <summary>Waits before the next attempt.</summary>
    /// <param name="failure">Why this one failed.</param>
    /// <param name="notice">Told of a pause, in whole seconds, when it is worth telling.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <returns>False when it is not to be tried again.</returns>
    internal async Task<bool> WaitAsync(Exception failure, Action<int>? notice, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (!IsTemporary(failure) || ++_failures >= options.MaxAttempts || ++_overall >= MostAttemptsOverall)
        {
            return false;
        }

        var pause = options.FirstPause * (1 << Math.Min(_failures - 1, 4)) * (0.75 + (Random.Shared.NextDouble() / 2));
        if (failure is RegistryException { RetryAfter: { } asked })
        {
            pause = asked < s_longest ? asked : s_longest;
        }

        if (pause >= TimeSpan.FromSeconds(1))
        {
            notice?.Invoke((int)Math.Ceiling(pause.TotalSeconds));
        }

        await Task.Delay(pause, time, cancel).ConfigureAwait(false);
        return true;
    }

    private static bool IsTemporary(Exception failure) => failure switch
    {
        RegistryException refusal => refusal.IsTemporary,
        EngineException { Kind: ErrorKind.Unavailable, InnerException: { } inner } => TransportFailure.Is(inner),
        BrokenTransferException => true,
        _ => false,
    };
}

/// <summary>A transfer that ended before its end.</summary>
internal sealed class BrokenTransferException(string message, Exception? inner = null) : Exception(message, inner);
