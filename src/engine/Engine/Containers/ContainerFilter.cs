using System.Globalization;
using System.Text.RegularExpressions;
using Slipway.DockerApi;

namespace Slipway.Engine.Containers;

/// <summary>The filters of <c>docker ps</c> and <c>docker container prune</c>.</summary>
public sealed class ContainerFilter
{
    private static readonly string[] Accepted =
        ["ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label", "name", "network", "publish", "since", "status", "volume"];

    private static readonly string[] Statuses = ["created", "running", "paused", "restarting", "removing", "exited", "dead"];

    private readonly Filters _filters;
    private readonly ContainerTable _table;
    private readonly Func<string, IReadOnlyCollection<string>> _ancestors;
    private readonly DateTimeOffset? _before;
    private readonly DateTimeOffset? _since;

    /// <summary>Checks the filters.</summary>
    /// <param name="filters">As the client sent them.</param>
    /// <param name="table">To find the containers that <c>before</c> and <c>since</c> name.</param>
    /// <param name="ancestors">Ids of the image that a reference names and of images made from it.</param>
    /// <exception cref="EngineException">An unknown filter or a value it does not take.</exception>
    public ContainerFilter(Filters filters, ContainerTable table, Func<string, IReadOnlyCollection<string>> ancestors)
    {
        if (filters.Except(Accepted).FirstOrDefault() is { } unknown)
        {
            throw EngineException.Invalid($"invalid filter '{unknown}'");
        }

        _filters = filters;
        _table = table;
        _ancestors = ancestors;
        CheckValues();
        _before = filters["before"].Select(r => table.Get(r).Record.Created).Cast<DateTimeOffset?>().Min();
        _since = filters["since"].Select(r => table.Get(r).Record.Created).Cast<DateTimeOffset?>().Max();
    }

    /// <summary>Whether the filters ask for containers that do not run, so that the list includes them unasked.</summary>
    public bool ImpliesAll => _filters.Contains("status") || _filters.Contains("exited");

    /// <summary>Whether a container matches every filter.</summary>
    public bool Matches(ContainerRecord record) =>
        Any("status", value => value == ContainerText.Word(record.State.Status))
        && Any("exited", value => record.State.Status is ContainerStatus.Exited or ContainerStatus.Dead && int.Parse(value, CultureInfo.InvariantCulture) == record.State.ExitCode)
        && Any("health", value => value == (record.Health?.Status is { Length: > 0 } health ? health : "none"))
        && Any("id", value => record.Id.StartsWith(value, StringComparison.Ordinal) || Regex.IsMatch(record.Id, value, RegexOptions.NonBacktracking))
        && Any("name", value => MatchesName(record, value))
        && _filters["label"].All(value => MatchesLabel(record.Config.Labels, value))
        && Any("ancestor", value => _ancestors(value).Contains(record.ImageId))
        && Any("volume", value => record.Mounts.Any(m => m.Name == value || m.Destination == value || m.Source == value))
        && Any("network", value => MatchesNetwork(record, value))
        && Any("publish", value => MatchesPort(record.HostConfig.PortBindings?.Keys, value))
        && Any("expose", value => MatchesPort(record.Config.ExposedPorts?.Keys, value))
        && Any("is-task", value => value is "false" or "0")
        && Any("isolation", value => value is "default" or "")
        && (_before is null || record.Created < _before)
        && (_since is null || record.Created > _since);

    /// <summary>Whether labels contain <c>key</c> or <c>key=value</c>.</summary>
    internal static bool MatchesLabel(IReadOnlyDictionary<string, string>? labels, string wanted)
    {
        var equals = wanted.IndexOf('=', StringComparison.Ordinal);
        var key = equals < 0 ? wanted : wanted[..equals];
        return labels is not null && labels.TryGetValue(key, out var value) && (equals < 0 || value == wanted[(equals + 1)..]);
    }

    private bool Any(string name, Func<string, bool> matches) => !_filters.Contains(name) || _filters[name].Any(matches);

    private static bool MatchesName(ContainerRecord record, string pattern) =>
        Regex.IsMatch(record.Name, pattern, RegexOptions.NonBacktracking) || Regex.IsMatch("/" + record.Name, pattern, RegexOptions.NonBacktracking);

    // A name, or an id or the beginning of one.
    private static bool MatchesNetwork(ContainerRecord record, string value) =>
        ContainerNetworks.Endpoints(record).Any(endpoint => endpoint.Key == value || (value.Length > 0 && endpoint.Value.NetworkID.StartsWith(value, StringComparison.Ordinal)));

    // "80", "80/tcp", "8000-8010/tcp"
    private static bool MatchesPort(IEnumerable<string>? ports, string wanted)
    {
        var slash = wanted.IndexOf('/', StringComparison.Ordinal);
        var protocol = slash < 0 ? "tcp" : wanted[(slash + 1)..];
        var range = (slash < 0 ? wanted : wanted[..slash]).Split('-');
        var low = int.Parse(range[0], CultureInfo.InvariantCulture);
        var high = int.Parse(range[^1], CultureInfo.InvariantCulture);
        return ports is not null && ports.Any(port =>
        {
            var parts = port.Split('/');
            return (parts.Length < 2 ? "tcp" : parts[1]) == protocol && int.TryParse(parts[0], out var number) && number >= low && number <= high;
        });
    }

    private void CheckValues()
    {
        Check("status", value => Statuses.Contains(value), value => $"invalid filter 'status={value}'");
        Check("health", value => value is "starting" or "healthy" or "unhealthy" or "none", value => $"invalid filter 'health={value}'");
        Check("exited", value => int.TryParse(value, out _), value => $"invalid filter 'exited={value}'");
        Check("is-task", value => value is "true" or "false" or "1" or "0", value => $"invalid filter 'is-task={value}'");
        Check("publish", IsPort, value => $"invalid filter 'publish={value}'");
        Check("expose", IsPort, value => $"invalid filter 'expose={value}'");
        Check("name", IsPattern, value => $"invalid filter 'name={value}'");
        Check("id", IsPattern, value => $"invalid filter 'id={value}'");
    }

    private void Check(string name, Func<string, bool> valid, Func<string, string> message)
    {
        if (_filters[name].FirstOrDefault(value => !valid(value)) is { } bad)
        {
            throw EngineException.Invalid(message(bad));
        }
    }

    private static bool IsPort(string value)
    {
        var ports = value.Split('/')[0].Split('-');
        return ports.Length is 1 or 2 && ports.All(p => ushort.TryParse(p, NumberStyles.None, CultureInfo.InvariantCulture, out _));
    }

    private static bool IsPattern(string value)
    {
        try
        {
            _ = new Regex(value, RegexOptions.NonBacktracking);
            return value.Length <= 1024;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false;
        }
    }
}
