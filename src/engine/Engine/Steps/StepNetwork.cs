using Slipway.Engine.Containers;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Networks;
using Slipway.Engine.State;

namespace Slipway.Engine.Steps;

/// <summary>Connects steps to networks as containers are.</summary>
internal sealed class StepNetwork(ContainerNetworking networking, HostNetworks host, NetworkTable table, StateStore state, EnginePaths paths, TimeProvider time)
{
    /// <summary>The connections that a step asks for.</summary>
    /// <exception cref="EngineException">An unknown network.</exception>
    internal async Task<IReadOnlyList<EndpointRecord>> EndpointsAsync(NormalizedRequest request)
    {
        if (request.HostConfig.NetworkMode is not (BuiltInNetworks.Host or BuiltInNetworks.None))
        {
            await host.ReadyAsync().ConfigureAwait(false);
        }

        return EndpointRequests.From(request, table);
    }

    /// <summary>Connects a step. The connection ends when the answer is disposed.</summary>
    internal async Task<StepConnection> ConnectAsync(ContainerRecord record)
    {
        // Never added to a table: it only carries the record.
        var attachment = await networking.AttachAsync(new Container(record, state, paths, time)).ConfigureAwait(false);
        return new StepConnection(record.Id, attachment, networking);
    }
}

/// <summary>A step's connection to its networks.</summary>
internal sealed class StepConnection(string id, NetworkAttachment? attachment, ContainerNetworking networking) : IDisposable
{
    /// <summary>What the step is connected to.</summary>
    internal IReadOnlyList<EndpointRecord> Endpoints => attachment?.Endpoints ?? [];

    /// <summary>Where the runtime finds the network namespace; null when the step has none of its own.</summary>
    internal string? NamespacePath => attachment?.NamespacePath;

    public void Dispose()
    {
        if (attachment is not null)
        {
            // Its socket would keep the namespace; the namespace itself goes when nobody starts anything.
            attachment.Sandbox.Links.Dispose();
            _ = networking.DetachAsync(id, attachment.Endpoints, attachment.Ports, attachment.Sandbox.Namespace);
        }
    }
}
