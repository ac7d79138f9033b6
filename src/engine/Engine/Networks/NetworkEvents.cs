using Slipway.Engine.Events;

namespace Slipway.Engine.Networks;

/// <summary>Publishes events of networks.</summary>
internal sealed class NetworkEvents(EventLog log)
{
    /// <summary>Publishes one event.</summary>
    /// <param name="network">The actor.</param>
    /// <param name="action"><c>create</c>, <c>connect</c>, <c>disconnect</c>, <c>destroy</c> or <c>prune</c>.</param>
    /// <param name="containerId">The container that was connected or disconnected.</param>
    internal void Publish(NetworkRecord network, string action, string? containerId = null)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal) { ["name"] = network.Name, ["type"] = network.Driver };
        if (containerId is not null)
        {
            attributes["container"] = containerId;
        }

        log.Publish("network", action, network.Id, attributes);
    }

    /// <summary>Says how much a prune freed: nothing, as networks take no space.</summary>
    internal void PublishPrune() => log.Publish("network", "prune", "", new Dictionary<string, string> { ["reclaimed"] = "0" });
}
