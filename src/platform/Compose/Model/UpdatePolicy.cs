using Slipway.Compose.Files;

namespace Slipway.Compose.Model;

/// <summary>How several containers of a service are replaced: <c>deploy.update_config</c>.</summary>
/// <param name="Parallelism">How many at once; zero for all.</param>
/// <param name="Delay">Time between one lot and the next.</param>
/// <param name="StartFirst">Whether a new one runs before its predecessor is stopped.</param>
/// <param name="GoOn">Whether the next lot is replaced even if one fails.</param>
public sealed record UpdatePolicy(int Parallelism, TimeSpan Delay, bool StartFirst, bool GoOn)
{
    /// <summary>All at once, old ones first.</summary>
    public static UpdatePolicy AtOnce { get; } = new(0, TimeSpan.Zero, false, false);

    internal static UpdatePolicy Of(Service service)
    {
        if (service.Map.Map("deploy").Map("update_config") is not { } config)
        {
            return AtOnce;
        }

        // A port of the host can belong to one of both only.
        bool fixedPorts = service.Map.Items("ports").OfType<Mapping>().Any(p => p.Text("published") is { Length: > 0 });
        return new UpdatePolicy(
            (int)Math.Clamp(config.Number("parallelism") ?? 1, 0, int.MaxValue), TimeSpan.FromMicroseconds(Duration.Nanoseconds(config.Text("delay")) / 1000d),
            config.Text("order") == "start-first" && !fixedPorts, config.Text("failure_action") == "continue");
    }
}
