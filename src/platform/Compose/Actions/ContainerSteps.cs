using System.Formats.Tar;
using Slipway.Client;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;

namespace Slipway.Compose.Actions;

/// <summary>Carries out single steps of a plan. Each can be interrupted anywhere: the next plan finds what is left and finishes it.</summary>
/// <param name="work">The engine.</param>
/// <param name="project">The project.</param>
/// <param name="timeout">Seconds until SIGKILL; null for each service's own.</param>
internal sealed class ContainerSteps(Work work, Project project, int? timeout)
{
    /// <summary>Makes a container.</summary>
    /// <returns>Its id; empty when nothing is really done.</returns>
    public async Task<string> CreateAsync(NewContainer container, CancellationToken cancellation)
    {
        string id = "";
        await work.DoAsync("Container", container.Name, "Creating", "Created", async () => id = await MakeAsync(container, container.Name, cancellation).ConfigureAwait(false)).ConfigureAwait(false);
        return id;
    }

    /// <summary>Replaces a container: the new one is made beside it first, so that volumes always belong to one of both.</summary>
    /// <param name="container">The new one.</param>
    /// <param name="old">The one that goes.</param>
    /// <param name="startFirst">Whether the new one runs, and is healthy, before the old one is stopped.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task<string> RecreateAsync(NewContainer container, ObservedContainer old, bool startFirst, CancellationToken cancellation)
    {
        string id = "";
        await work.DoAsync("Container", container.Name, "Recreate", "Recreated", async () =>
        {
            NewContainer heir = container with { MoreLabels = new Dictionary<string, string>(container.MoreLabels) { [Labels.Replace] = old.Id } };
            id = await MakeAsync(heir, $"{old.Id[..12]}_{container.Name}", cancellation).ConfigureAwait(false);
            if (startFirst)
            {
                await RunAsync(container.Service, id, isNew: true, cancellation).ConfigureAwait(false);
                await Conditions.HealthyAsync(work, id, container.Name, needsTest: false, cancellation).ConfigureAwait(false);
            }

            if (old.Running)
            {
                await HookAsync(container.Service, old, cancellation).ConfigureAwait(false);
                await work.Engine.StopContainerAsync(old.Id, timeout ?? container.Service.StopSeconds, cancellation: cancellation).ConfigureAwait(false);
            }

            await RemoveIfThereAsync(old.Id, volumes: false, cancellation).ConfigureAwait(false);
            await work.Engine.RenameContainerAsync(id, container.Name, cancellation).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return id;
    }

    /// <summary>Gives a container the name that it should have.</summary>
    public Task RenameAsync(ObservedContainer container, string name, CancellationToken cancellation) =>
        work.DoAsync("Container", name, "Renaming", "Renamed", () => work.Engine.RenameContainerAsync(container.Id, name, cancellation));

    /// <summary>Stops and removes a container.</summary>
    public async Task RemoveAsync(ObservedContainer container, bool volumes, CancellationToken cancellation)
    {
        await StopAsync(container, cancellation).ConfigureAwait(false);
        await work.DoAsync("Container", container.Name, "Removing", "Removed", () => RemoveIfThereAsync(container.Id, volumes, cancellation)).ConfigureAwait(false);
    }

    /// <summary>Stops a container, if it runs.</summary>
    public async Task StopAsync(ObservedContainer container, CancellationToken cancellation)
    {
        if (!container.Running)
        {
            return;
        }

        Service? service = project.Services.GetValueOrDefault(container.Service);
        await work.DoAsync("Container", container.Name, "Stopping", "Stopped", async () =>
        {
            if (service is not null)
            {
                await HookAsync(service, container, cancellation).ConfigureAwait(false);
            }

            await work.Engine.StopContainerAsync(container.Id, timeout ?? service?.StopSeconds, cancellation: cancellation).ConfigureAwait(false);
        }).ConfigureAwait(false);
    }

    /// <summary>Starts a container; files that it has never had are put in first.</summary>
    public Task StartAsync(Service service, string id, string name, bool isNew, CancellationToken cancellation) =>
        work.DoAsync("Container", name, "Starting", "Started", () => RunAsync(service, id, isNew, cancellation));

    private async Task RunAsync(Service service, string id, bool isNew, CancellationToken cancellation)
    {
        if (isNew)
        {
            await InjectAsync(service, id, cancellation).ConfigureAwait(false);
        }

        await work.Engine.StartContainerAsync(id, cancellation: cancellation).ConfigureAwait(false);
        await Hooks.RunAsync(work, service, id, "post_start", cancellation).ConfigureAwait(false);
    }

    private Task HookAsync(Service service, ObservedContainer container, CancellationToken cancellation) => container.Summary.State != "running" ? Task.CompletedTask
        : Hooks.RunAsync(work, service, container.Id, "pre_stop", cancellation);

    /// <summary>Copies secrets and configs into a container that has not been started.</summary>
    public async Task InjectAsync(Service service, string id, CancellationToken cancellation)
    {
        IReadOnlyList<InjectedFile> files = InjectedFile.Of(project, service);
        if (files.Count == 0)
        {
            return;
        }

        MemoryStream tar = new();
        await using (TarWriter writer = new(tar, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (InjectedFile file in files)
            {
                await writer.WriteEntryAsync(
                    new PaxTarEntry(TarEntryType.RegularFile, file.Path.TrimStart('/')) { DataStream = new MemoryStream(file.Content), Mode = (UnixFileMode)file.Mode, Uid = file.Uid, Gid = file.Gid, ModificationTime = work.Time.GetUtcNow() },
                    cancellation).ConfigureAwait(false);
            }
        }

        tar.Position = 0;
        await work.Engine.PutArchiveAsync(id, "/", tar, copyUidGid: true, cancellation: cancellation).ConfigureAwait(false);
    }

    private async Task<string> MakeAsync(NewContainer container, string name, CancellationToken cancellation)
    {
        ContainerCreateRequest request = ContainerRequest.Of(container);
        IReadOnlyDictionary<string, EndpointSettings?>? endpoints = request.NetworkingConfig?.EndpointsConfig;
        bool oneByOne = endpoints is { Count: > 1 } && work.Engine.Version < new ApiVersion(1, 44);
        if (oneByOne)
        {
            request = request with { NetworkingConfig = new NetworkingConfig { EndpointsConfig = endpoints!.Take(1).ToDictionary() } };
        }

        string id = (await work.Engine.CreateContainerAsync(request, name, container.Service.Platform, cancellation).ConfigureAwait(false)).Id;
        foreach ((string network, EndpointSettings? settings) in oneByOne ? endpoints!.Skip(1) : [])
        {
            await work.Engine.ConnectNetworkAsync(network, new NetworkConnectRequest { Container = id, EndpointConfig = settings }, cancellation).ConfigureAwait(false);
        }

        return id;
    }

    private async Task RemoveIfThereAsync(string id, bool volumes, CancellationToken cancellation)
    {
        try
        {
            await work.Engine.RemoveContainerAsync(id, force: true, volumes: volumes, cancellation: cancellation).ConfigureAwait(false);
        }
        catch (EngineApiException e) when (e.StatusCode == 404)
        {
            // Somebody else has removed it.
        }
    }
}
