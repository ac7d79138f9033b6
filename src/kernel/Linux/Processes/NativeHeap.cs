using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// The heap of the C library, which the runtime's compiler, compression and databases allocate from. Every thread that finds the others
/// busy gets an arena of its own, up to eight for each processor, and what a burst of work freed there stays with the process.
/// </summary>
public static class NativeHeap
{
    private const int MaxArenas = -8;

    /// <summary>Has threads share this many arenas (mallopt(3), M_ARENA_MAX). To be called before there are more.</summary>
    public static void Share(int arenas) => ProcessCalls.SetMallocOption(MaxArenas, arenas);

    /// <summary>Returns free pages to the system (malloc_trim(3)).</summary>
    public static void Trim() => ProcessCalls.TrimMalloc(0);
}
