using System.Text;
using System.Text.Json;
using Slipway.DockerApi;
using Slipway.Engine.Containers.Spec;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Containers;

/// <summary><c>docker update</c>: changes limits and the restart policy of a container, also while it runs.</summary>
public sealed class UpdateContainer
{
    private readonly EngineOptions _options;
    private readonly EnginePaths _paths;
    private readonly Lazy<HostFacts> _host;
    private readonly ProcessWatch _watch;
    private readonly ContainerEvents _events;
    private readonly OomEvents _ooms;

    internal UpdateContainer(EngineOptions options, EnginePaths paths, Lazy<HostFacts> host, ProcessWatch watch, ContainerEvents events, OomEvents ooms) =>
        (_options, _paths, _host, _watch, _events, _ooms) = (options, paths, host, watch, events, ooms);

    /// <summary>Applies an update: what is zero or null in the request stays as it is.</summary>
    /// <returns>Warnings about what is served differently from what was asked.</returns>
    /// <exception cref="EngineException">A limit that is wrong or that the kernel refuses; nothing is changed then.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(Container container, ContainerUpdateRequest request, CancellationToken cancel)
    {
        var warnings = new List<string>();
        await container.EnterAsync(cancel).ConfigureAwait(false);
        try
        {
            if (container.Record.State.Status is ContainerStatus.Removing or ContainerStatus.Dead)
            {
                throw EngineException.Conflict("Container is marked for removal and cannot be \"update\".");
            }

            var merged = ResourceMerge.Apply(container.Record.HostConfig, request);
            var updated = HostDefaults.WithResources(merged, ResourceRules.Normalize(merged, _host.Value, isUpdate: true, warnings));
            CheckRestartPolicy(container.Record.HostConfig, request.RestartPolicy);
            if (container.IsRunning)
            {
                await ApplyAsync(container, updated, cancel).ConfigureAwait(false);
            }

            await container.UpdateAsync(r => r with { HostConfig = updated with { RestartPolicy = request.RestartPolicy is { Name.Length: > 0 } policy ? policy : updated.RestartPolicy } }).ConfigureAwait(false);
            if (container.Task is { } task)
            {
                _ooms.Watch(container, task);
            }

            _events.Publish(container, "update");
            return warnings;
        }
        finally
        {
            container.Gate.Release();
        }
    }

    private static void CheckRestartPolicy(HostConfig host, RestartPolicy? policy)
    {
        if (policy is not { Name.Length: > 0 })
        {
            return;
        }

        HostConfigRules.ValidateRestart(policy);
        if (host.AutoRemove && policy.Name != "no")
        {
            throw EngineException.Invalid("Restart policy cannot be updated because AutoRemove is enabled for the container");
        }
    }

    private async Task ApplyAsync(Container container, HostConfig updated, CancellationToken cancel)
    {
        var resources = ResourceLimits.Create(updated);
        if (resources.Pids is { Limit: < 0 })
        {
            // crun does not know this limit's "none".
            Cgroups.LiftProcessLimit(container.Task!.CgroupPath);
            resources = resources with { Pids = null };
        }

        // A file, since crun cannot read from a pipe.
        var file = Path.Combine(_paths.Bundle(container.Id), "resources.json");
        await File.WriteAllBytesAsync(file, JsonSerializer.SerializeToUtf8Bytes(resources, RuntimeJson.Default.ResourcesSpec), cancel).ConfigureAwait(false);
        var runtime = _options.RuntimePath(updated.Runtime);
        var result = await Spawn.RunAsync(
            runtime, [runtime, .. _options.ArgumentsOf(updated.Runtime), "--root", _paths.RuntimeState, "update", "--resources", file, container.Id], ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], _watch, default, 64 << 10, TimeSpan.FromSeconds(10), cancellationToken: cancel).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw EngineException.Invalid($"Cannot update container {container.Id}: {Encoding.UTF8.GetString(result.Error).Trim()}");
        }

        if (updated.BlkioWeight > 0)
        {
            Cgroups.SetBlockWeight(container.Task!.CgroupPath, updated.BlkioWeight);
        }
    }
}
