using System.Globalization;
using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.DockerApi;

namespace Slipway.Compose.Plan;

/// <summary>A container that is to be made.</summary>
/// <param name="Project">The project.</param>
/// <param name="Service">Its service.</param>
/// <param name="Name">Its name.</param>
/// <param name="Number">Its number.</param>
/// <param name="Hash">Hash of the configuration.</param>
/// <param name="Image">What is known of its image.</param>
public sealed record NewContainer(Project Project, Service Service, string Name, int Number, string Hash, ImageFacts Image)
{
    /// <summary>Anonymous volumes of the container that it takes the place of, by their path.</summary>
    public IReadOnlyDictionary<string, string> Inherited { get; init; } = new Dictionary<string, string>();

    /// <summary>Finds the id of a container of another service.</summary>
    public Func<string, string?> ContainerOf { get; init; } = _ => null;

    /// <summary>Labels beside the usual ones.</summary>
    public IReadOnlyDictionary<string, string> MoreLabels { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether other services find it by its service's name.</summary>
    public bool UseAliases { get; init; } = true;

    /// <summary>Whether somebody attaches before the start, as for one-off containers.</summary>
    public bool Attached { get; init; }
}

/// <summary>What is known of an image.</summary>
/// <param name="Name">Its name as it is asked for.</param>
/// <param name="Id">Its digest.</param>
/// <param name="Volumes">Paths that it declares as volumes.</param>
public sealed record ImageFacts(string Name, string Id, IReadOnlyCollection<string> Volumes)
{
    /// <summary>When it was last pulled or named; null when the engine does not say.</summary>
    public DateTimeOffset? Tagged { get; init; }
}

/// <summary>Says a service in the Engine API's words.</summary>
public static class ContainerRequest
{
    /// <summary>The container of a service.</summary>
    public static ContainerCreateRequest Of(NewContainer container)
    {
        Service service = container.Service;
        Mapping map = service.Map;
        Dictionary<string, string> labels = Labels.Container(container.Project, service, container.Number, container.Hash, container.Image.Id);
        foreach ((string key, string value) in container.MoreLabels)
        {
            labels[key] = value;
        }

        return new ContainerCreateRequest
        {
            Hostname = map.Text("hostname") ?? "",
            Domainname = map.Text("domainname") ?? "",
            User = map.Text("user") ?? "",
            Tty = map.Flag("tty"),
            OpenStdin = map.Flag("stdin_open"),
            StdinOnce = container.Attached && map.Flag("stdin_open"),
            AttachStdin = container.Attached && map.Flag("stdin_open"),
            AttachStdout = container.Attached,
            AttachStderr = container.Attached,
            Cmd = map["command"] is Sequence ? map.Texts("command") : null,
            Entrypoint = map["entrypoint"] is Sequence ? map.Texts("entrypoint") : null,
            Env = Environment(map.Map("environment")),
            Image = container.Image.Name,
            WorkingDir = map.Text("working_dir") ?? "",
            Labels = labels,
            StopSignal = map.Text("stop_signal"),
            StopTimeout = service.StopSeconds,
            MacAddress = map.Text("mac_address"),
            ExposedPorts = PortRequest.Exposed(map),
            Healthcheck = Healthcheck(map.Map("healthcheck")),
            HostConfig = HostRequest.Of(container),
            NetworkingConfig = NetworkRequest.Of(container),
        };
    }

    /// <summary><c>NAME=value</c>; a name alone takes the variable away that the image has.</summary>
    internal static List<string> Environment(Mapping? environment) =>
        [.. environment?.Entries.Select(e => e.Value.IsNull ? e.Key : $"{e.Key}={e.Value.Text()}") ?? []];

    private static HealthConfig? Healthcheck(Mapping? check) => check is null ? null : check.Flag("disable") ? new HealthConfig { Test = ["NONE"] } : new HealthConfig
    {
        Test = check.Has("test") ? check.Texts("test") : null,
        Interval = Duration.Nanoseconds(check.Text("interval")),
        Timeout = Duration.Nanoseconds(check.Text("timeout")),
        StartPeriod = Duration.Nanoseconds(check.Text("start_period")),
        StartInterval = Duration.Nanoseconds(check.Text("start_interval")),
        Retries = (int)(check.Number("retries") ?? 0),
    };
}

/// <summary>Ports in the Engine API's words.</summary>
internal static class PortRequest
{
    public static IReadOnlyDictionary<string, EmptyObject>? Exposed(Mapping service)
    {
        Dictionary<string, EmptyObject> ports = new(StringComparer.Ordinal);
        foreach (string spec in service.Texts("expose"))
        {
            string[] parts = spec.Split('/');
            string[] range = parts[0].Split('-');
            int first = int.Parse(range[0], CultureInfo.InvariantCulture);
            int last = range.Length > 1 ? int.Parse(range[1], CultureInfo.InvariantCulture) : first;
            for (int port = first; port <= last; port++)
            {
                ports[string.Create(CultureInfo.InvariantCulture, $"{port}/{(parts.Length > 1 ? parts[1] : "tcp")}")] = default;
            }
        }

        foreach (Mapping port in service.Items("ports").OfType<Mapping>())
        {
            ports[Key(port)] = default;
        }

        return ports.Count > 0 ? ports : null;
    }

    public static IReadOnlyDictionary<string, IReadOnlyList<PortBinding>?>? Bindings(Mapping service)
    {
        Dictionary<string, IReadOnlyList<PortBinding>?> bindings = new(StringComparer.Ordinal);
        foreach (IGrouping<string, Mapping> port in service.Items("ports").OfType<Mapping>().GroupBy(Key))
        {
            bindings[port.Key] = [.. port.Select(p => new PortBinding { HostIp = p.Text("host_ip") ?? "", HostPort = p.Text("published") ?? "" })];
        }

        return bindings.Count > 0 ? bindings : null;
    }

    private static string Key(Mapping port) => $"{port.Text("target")}/{port.Text("protocol") ?? "tcp"}";
}
