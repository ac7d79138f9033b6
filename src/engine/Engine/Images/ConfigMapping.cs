using System.Text.Json;
using Slipway.DockerApi;
using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>The same facts in an image's config and in the Engine API.</summary>
public static class ConfigMapping
{
    private static readonly JsonElement EmptyObject = JsonDocument.Parse("{}").RootElement.Clone();

    /// <summary>An image's config as the API shows it.</summary>
    public static ContainerConfig ToContainerConfig(ExecutionConfig? config) => config is null ? new ContainerConfig() : new ContainerConfig
    {
        User = config.User ?? "",
        ExposedPorts = Names(config.ExposedPorts),
        Env = config.Env,
        Entrypoint = config.Entrypoint,
        Cmd = config.Cmd,
        Volumes = Names(config.Volumes),
        WorkingDir = config.WorkingDir ?? "",
        Labels = config.Labels,
        StopSignal = config.StopSignal,
        ArgsEscaped = config.ArgsEscaped,
        OnBuild = config.OnBuild,
        Shell = config.Shell,
        Healthcheck = config.Healthcheck is not { } health ? null : new HealthConfig
        {
            Test = health.Test, Interval = health.Interval, Timeout = health.Timeout, StartPeriod = health.StartPeriod,
            StartInterval = health.StartInterval, Retries = health.Retries,
        },
    };

    /// <summary>What an image keeps of a container's config: not its host name, streams or network.</summary>
    public static ExecutionConfig ToExecutionConfig(ContainerConfig config) => new()
    {
        User = Text(config.User),
        ExposedPorts = Objects(config.ExposedPorts),
        Env = config.Env,
        Entrypoint = config.Entrypoint,
        Cmd = config.Cmd,
        Volumes = Objects(config.Volumes),
        WorkingDir = Text(config.WorkingDir),
        Labels = config.Labels,
        StopSignal = config.StopSignal,
        ArgsEscaped = config.ArgsEscaped,
        OnBuild = config.OnBuild,
        Shell = config.Shell,
        Healthcheck = config.Healthcheck is not { } health ? null : new HealthTest
        {
            Test = health.Test, Interval = health.Interval, Timeout = health.Timeout, StartPeriod = health.StartPeriod,
            StartInterval = health.StartInterval, Retries = health.Retries,
        },
    };

    private static string? Text(string text) => text.Length == 0 ? null : text;

    private static Dictionary<string, EmptyObject>? Names(IReadOnlyDictionary<string, JsonElement>? objects) =>
        objects?.ToDictionary(entry => entry.Key, _ => new EmptyObject());

    private static Dictionary<string, JsonElement>? Objects(IReadOnlyDictionary<string, EmptyObject>? names) =>
        names?.ToDictionary(entry => entry.Key, _ => EmptyObject);
}
