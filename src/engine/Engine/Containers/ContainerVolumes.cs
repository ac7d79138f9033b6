using System.Collections.Concurrent;
using Slipway.DockerApi;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Containers.Tasks;
using Slipway.Engine.Images;
using Slipway.Engine.Volumes;

namespace Slipway.Engine.Containers;

/// <summary>A new container's mounts: images are found, volumes found or made, empty ones are filled from the image, and all of it is taken back when the creation fails.</summary>
internal sealed class ContainerVolumes(ContainerTable table, ImageTable images, VolumeTable volumes, CreateVolume create, RemoveVolume remove, CopyUp copyUp, RootFileSystem rootFileSystem)
{
    private readonly ConcurrentDictionary<string, List<string>> _made = new(StringComparer.Ordinal);

    /// <summary>Resolves what a request asks to mount.</summary>
    internal async Task<IReadOnlyList<ContainerMount>> ResolveAsync(string id, NormalizedRequest request, CancellationToken cancel)
    {
        var plan = MountPlan.Build(request.HostConfig, request.Config, name => table.Get(name).Record.Mounts);
        var found = new List<ContainerMount>(plan.Count);
        foreach (var mount in plan)
        {
            found.Add(mount is { Type: "image", ManifestDigest: null } ? await FindImageAsync(mount, cancel).ConfigureAwait(false) : mount);
        }

        return await MountPlan.ResolveAsync(found, volume => FindOrMakeAsync(id, volume)).ConfigureAwait(false);
    }

    /// <summary>Copies the image's content into empty volumes.</summary>
    internal Task FillAsync(ContainerRecord record, CancellationToken cancel) =>
        record.Mounts.Any(m => m.Type == "volume")
            ? copyUp.RunAsync(record.Id, record.Mounts, rootFileSystem.LowerDirs(record), cancel)
            : Task.CompletedTask;

    /// <summary>The container exists: what was made for it stays.</summary>
    internal void Keep(string id) => _made.TryRemove(id, out _);

    /// <summary>The creation failed: removes what was made for it.</summary>
    internal async Task UndoAsync(string id)
    {
        volumes.Release(id);
        if (!_made.TryRemove(id, out var made))
        {
            return;
        }

        foreach (var name in made)
        {
            try
            {
                await remove.RunAsync(name, force: true).ConfigureAwait(false);
            }
            catch (EngineException)
            {
                // Somebody else has begun to use it.
            }
        }
    }

    private async Task<ContainerMount> FindImageAsync(ContainerMount mount, CancellationToken cancel)
    {
        RunnableImage image;
        try
        {
            image = await images.PrepareAsync(mount.Name, null, cancel).ConfigureAwait(false);
        }
        catch (EngineException e) when (e.Kind == ErrorKind.NotFound)
        {
            // "Not found" would tell clients to pull the container's own image.
            throw EngineException.Invalid($"cannot mount image on {mount.Destination}: {e.Message}", e);
        }

        return mount with { Name = image.ConfigDigest.ToString(), ManifestDigest = image.ManifestDigest.ToString(), ChainId = image.ChainId };
    }

    private async Task<(string Mountpoint, string Driver)> FindOrMakeAsync(string id, VolumeRequest wanted)
    {
        if (volumes.Find(wanted.Name) is null)
        {
            _made.GetOrAdd(id, _ => []).Add(wanted.Name);
        }

        var labels = wanted.Anonymous
            ? new Dictionary<string, string>(wanted.Labels) { [Volumes.Volume.AnonymousLabel] = "" }
            : wanted.Labels;
        var request = new VolumeCreateRequest { Name = wanted.Name, Driver = wanted.Driver, DriverOpts = wanted.Options, Labels = labels };
        var volume = await create.RunAsync(request, id).ConfigureAwait(false);
        return (volume.Mountpoint, volume.Record.Driver);
    }
}
