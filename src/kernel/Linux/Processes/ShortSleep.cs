using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Sleeps shorter than the millisecond that <see cref="Thread.Sleep(int)"/> knows (usleep(3)).</summary>
public static class ShortSleep
{
    /// <summary>Leaves the processor to others for this long, and the kernel's timer slack (50 µs) more; a signal may end it early.</summary>
    public static void Microseconds(uint time) => PollCalls.Sleep(time);
}
