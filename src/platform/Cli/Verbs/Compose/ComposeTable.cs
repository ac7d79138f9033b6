using System.Text;
using Slipway.Cli.Options;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>A command of <c>compose</c>.</summary>
/// <param name="Names">Its names, the usual one first.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="Usage">Its arguments.</param>
/// <param name="Flags">Its flags.</param>
/// <param name="Run">Does it.</param>
internal sealed record ComposeEntry(string[] Names, string Summary, string Usage, FlagTable Flags, Func<ComposeCall, Task<int>> Run)
{
    public bool FlagsFirst { get; init; }

    public int MinArguments { get; init; }

    public int MaxArguments { get; init; } = int.MaxValue;
}

/// <summary>All commands of <c>compose</c>.</summary>
internal static class ComposeTable
{
    private static readonly (string[] Names, Func<ComposeEntry> Make)[] s_all =
    [
        (["up"], UpCommand.Entry), (["down"], DownCommand.Entry), (["ps"], ListCommands.Ps), (["logs"], LogCommands.Logs), (["config", "convert"], ConfigCommand.Entry),
        (["create"], LifecycleCommands.Create), (["start"], LifecycleCommands.Start), (["stop"], LifecycleCommands.Stop), (["restart"], LifecycleCommands.Restart),
        (["kill"], LifecycleCommands.Kill), (["rm"], LifecycleCommands.Remove), (["pause"], LifecycleCommands.Pause), (["unpause"], LifecycleCommands.Unpause),
        (["scale"], LifecycleCommands.Scale), (["wait"], LifecycleCommands.Wait), (["exec"], ContainerCommands.Exec), (["attach"], ContainerCommands.Attach),
        (["cp"], ContainerCommands.Copy), (["port"], ContainerCommands.Port), (["top"], ContainerCommands.Top), (["stats"], ContainerCommands.Stats), (["run"], RunCommand.Entry),
        (["build"], ImageCommands.Build), (["pull"], ImageCommands.Pull), (["push"], ImageCommands.Push), (["images"], ImageListCommand.Entry), (["ls"], ProjectCommands.List),
        (["events"], ProjectCommands.Events), (["version"], ProjectCommands.Version), (["watch"], WatchCommand.Entry),
    ];

    public static ComposeEntry? Find(string name) => Array.Find(s_all, e => e.Names.Contains(name)).Make?.Invoke();

    public static IEnumerable<string> Names => s_all.Select(e => e.Names[0]);

    public static string Help()
    {
        StringBuilder text = new("Commands:\n");
        foreach (ComposeEntry entry in s_all.Select(e => e.Make()).OrderBy(e => e.Names[0], StringComparer.Ordinal))
        {
            text.Append("  ").Append(entry.Names[0].PadRight(12)).Append(entry.Summary).Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }
}
