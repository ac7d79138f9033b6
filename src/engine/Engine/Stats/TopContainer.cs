using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Linux;

namespace Slipway.Engine.Stats;

/// <summary><c>docker top</c>: the host's <c>ps</c>, and of what it lists the processes in the container's control group.</summary>
public sealed partial class TopContainer(ContainerEvents events, ProcessWatch watch)
{
    private const int MaxOutput = 8 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly string[] Environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"];

    /// <summary>Lists the processes of a running container.</summary>
    /// <param name="container">The container.</param>
    /// <param name="arguments">Arguments of ps, separated by spaces; empty for <c>-ef</c>.</param>
    /// <param name="cancel">The client went away.</param>
    /// <exception cref="EngineException">It does not run, or ps refuses its arguments or shows no process ids.</exception>
    public async Task<ContainerTop> RunAsync(Container container, string? arguments, CancellationToken cancel)
    {
        var asked = string.IsNullOrWhiteSpace(arguments) ? "-ef" : arguments;
        if (RenamedPid().Match(asked) is { Success: true } renamed)
        {
            throw EngineException.Invalid($"specifying \"{renamed.Value.Trim()}\" is not allowed");
        }

        if (container.Record.State.Status == ContainerStatus.Restarting)
        {
            throw EngineException.Conflict($"Container {container.Id} is restarting, wait until the container is running");
        }

        var task = container.Task ?? throw EngineException.Conflict($"container {container.Id} is not running");
        var pids = Cgroups.Processes(task.CgroupPath, recursive: true).ToHashSet();
        var listed = Parse(await ListAsync(asked, cancel).ConfigureAwait(false), pids);
        events.Publish(container, "top");
        return listed;
    }

    /// <summary>Picks the wanted processes from what ps printed. The last column takes the rest of its line.</summary>
    /// <exception cref="EngineException">There is no PID column, or it holds no numbers.</exception>
    internal static ContainerTop Parse(string output, IReadOnlySet<int> pids)
    {
        var lines = output.Split('\n');
        var titles = Fields(lines[0]);
        var column = Array.IndexOf(titles, "PID");
        if (column < 0)
        {
            throw new EngineException(ErrorKind.Internal, "Couldn't find PID field in ps output");
        }

        List<IReadOnlyList<string>> processes = [];
        var inside = false;
        foreach (var fields in lines.Skip(1).Select(Fields).Where(f => f.Length > column))
        {
            // A thread of the process above has "-" for its number.
            inside = fields[column] == "-" ? inside : Contains(pids, fields[column]);
            if (inside)
            {
                processes.Add(fields.Length <= titles.Length ? fields : [.. fields[..(titles.Length - 1)], string.Join(' ', fields[(titles.Length - 1)..])]);
            }
        }

        return new ContainerTop { Titles = titles, Processes = processes };
    }

    private static bool Contains(IReadOnlySet<int> pids, string field) =>
        int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            ? pids.Contains(pid)
            : throw new EngineException(ErrorKind.Internal, $"Unexpected pid '{field}': strconv.Atoi: parsing \"{field}\": invalid syntax");

    private static string[] Fields(string line) => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private async Task<string> ListAsync(string arguments, CancellationToken cancel)
    {
        var ps = File.Exists("/usr/bin/ps") ? "/usr/bin/ps" : "/bin/ps";
        try
        {
            var result = await Spawn.RunAsync(ps, ["ps", .. Fields(arguments)], Environment, watch, null, MaxOutput, Patience, cancellationToken: cancel).ConfigureAwait(false);
            return result.ExitCode == 0
                ? Encoding.UTF8.GetString(result.Output)
                : throw new EngineException(ErrorKind.Internal, "ps: " + Encoding.UTF8.GetString(result.Error).Trim());
        }
        catch (LinuxException e)
        {
            throw new EngineException(ErrorKind.Unavailable, "Error running ps: " + e.Message, e);
        }
    }

    // A column of another name could pass for the process id.
    [GeneratedRegex(@"\s+([^\s]*)=\s*(PID[^\s]*)", RegexOptions.CultureInvariant)]
    private static partial Regex RenamedPid();
}
