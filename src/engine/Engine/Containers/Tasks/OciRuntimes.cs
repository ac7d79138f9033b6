using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Containers.Tasks;

/// <summary>
/// Which OCI runtime runs containers that name none. crun creates a container in a third of runc's time, but refuses hybrid control
/// groups while the unified hierarchy has controllers of its own.
/// </summary>
internal static class OciRuntimes
{
    /// <summary>The runtime that is always configured.</summary>
    internal const string Runc = "runc";

    /// <summary>The runtime that is preferred where it is installed and works.</summary>
    internal const string Crun = "crun";

    /// <summary>Whether a runtime's program is crun, which takes compiled filters and is released by writing to its fifo instead of reading.</summary>
    internal static bool IsCrun(string program) => Path.GetFileName(program) == Crun;

    /// <summary>Whether a runtime's program is runc.</summary>
    internal static bool IsRunc(string program) => Path.GetFileName(program) == Runc;

    /// <summary>The options with the default runtime filled in.</summary>
    /// <param name="options">As given.</param>
    /// <param name="scratch">A directory on which something can be mounted for a moment.</param>
    /// <param name="log">Where the choice is explained.</param>
    /// <param name="controllers">What must stay open while crun is used.</param>
    internal static EngineOptions Choose(EngineOptions options, string scratch, ILogger log, out IReadOnlyList<SafeFileHandle> controllers)
    {
        controllers = [];
        if (options.DefaultRuntime.Length > 0 && !IsCrun(options.DefaultRuntime))
        {
            return options;
        }

        if (Spawn.FindExecutable(Crun) is null)
        {
            return options.DefaultRuntime.Length > 0 ? options : options with { DefaultRuntime = Runc };
        }

        try
        {
            controllers = Cgroups.TakeUnifiedControllers(scratch);
        }
        catch (IOException e) when (options.DefaultRuntime.Length == 0)
        {
            log.LogInformation("containers are run by runc: the control groups are no place for crun ({Reason})", e.Message);
            return options with { DefaultRuntime = Runc };
        }

        var runtimes = options.Runtimes.ContainsKey(Crun) ? options.Runtimes : new Dictionary<string, string>(options.Runtimes) { [Crun] = Crun };
        return options with { DefaultRuntime = Crun, Runtimes = runtimes };
    }
}
