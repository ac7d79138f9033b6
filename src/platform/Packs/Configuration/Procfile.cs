using Slipway.Packs.Sources;

namespace Slipway.Packs.Configuration;

/// <summary>A <c>Procfile</c>: a process per line, <c>name: command</c>.</summary>
internal static class Procfile
{
    internal const string Name = "Procfile";
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

    /// <summary>The process that starts the application, with its name.</summary>
    internal static (string Name, string Command)? Start(Dictionary<string, string> processes)
    {
        var name = processes.ContainsKey("web") ? "web" : processes.ContainsKey("worker") ? "worker"
            : processes.Keys.Where(n => n != "release").Order(StringComparer.Ordinal).FirstOrDefault();
        return name is null ? null : (name, processes[name]);
    }
}
