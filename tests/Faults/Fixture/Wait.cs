using System.Diagnostics;

namespace Slipway.Faults.Fixture;

/// <summary>Bounded waiting for something to become true.</summary>
internal static class Wait
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    /// <summary>Asks again and again.</summary>
    /// <exception cref="TimeoutException">It did not become true in time; the message says what.</exception>
    internal static async Task UntilAsync(string what, Func<Task<bool>> condition, double seconds = 10)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed.TotalSeconds > seconds)
            {
                throw new TimeoutException($"not within {seconds} s: {what}");
            }

            await PauseAsync(Step);
        }
    }

    /// <inheritdoc cref="UntilAsync(string, Func{Task{bool}}, double)"/>
    internal static Task UntilAsync(string what, Func<bool> condition, double seconds = 10) =>
        UntilAsync(what, () => Task.FromResult(condition()), seconds);

    /// <summary>Lets time pass.</summary>
    internal static Task PauseAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System);

    /// <summary>Lets milliseconds pass.</summary>
    internal static Task PauseAsync(int milliseconds) => PauseAsync(TimeSpan.FromMilliseconds(milliseconds));
}
