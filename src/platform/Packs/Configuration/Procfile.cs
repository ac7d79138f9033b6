using Slipway.Packs.Providers;
using Slipway.Packs.Sources;

namespace Slipway.Packs.Configuration;

/// <summary>A <c>Procfile</c>: a process per line, <c>name: command</c>.</summary>
internal static class Procfile
{
    internal const string Name = "Procfile";
    internal const string Release = "release";
    private const int MostProcesses = 100;

    /// <summary>Processes in the order of the file; empty when there is none.</summary>
    internal static Dictionary<string, string> Read(SourceTree source)
    {
        var processes = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in (source.Text(Name) ?? "").Split('\n').Select(l => l.Trim()))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line[0] != '#' && processes.Count < MostProcesses && line[(colon + 1)..].Trim() is { Length: > 0 } command)
            {
                processes[line[..colon].Trim()] = command;
            }
        }

        return processes;
    }

    /// <summary>What runs in the image besides the process that starts the application, <c>release</c> included.</summary>
    internal static Dictionary<string, string> Others(Dictionary<string, string> processes, PackContext context)
    {
        var start = Start(processes)?.Name;
        var others = processes.Where(p => p.Key != start && p.Key != "web").ToLookup(p => ProcessName.IsValid(p.Key));
        foreach (var (name, _) in others[false])
        {
            context.Warn($"the process \"{name}\" of the Procfile is not run: its name has more than letters, digits, dashes and underscores");
        }

        return others[true].ToDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
    }

    /// <summary>The process that starts the application, with its name.</summary>
    internal static (string Name, string Command)? Start(Dictionary<string, string> processes)
    {
        var name = processes.ContainsKey("web") ? "web" : processes.ContainsKey("worker") ? "worker"
            : processes.Keys.Where(n => n != Release).Order(StringComparer.Ordinal).FirstOrDefault();
        return name is null ? null : (name, processes[name]);
    }
}
