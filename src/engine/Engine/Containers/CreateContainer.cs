using System.Security.Cryptography;
using Slipway.DockerApi;
using Slipway.Engine.Cleanup;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Containers.Tasks;
using Slipway.Engine.Content;
using Slipway.Engine.Images;
using Slipway.Engine.Networks;
using Slipway.Engine.Networks.Names;
using Slipway.Engine.State;
using Slipway.Oci;

namespace Slipway.Engine.Containers;

/// <summary><c>docker create</c>: everything is checked before anything is written, and one commit makes the container exist.</summary>
public sealed class CreateContainer
{
    private readonly ContainerTable _table;
    private readonly ImageTable _images;
    private readonly ContentStore _content;
    private readonly RootFileSystem _rootFileSystem;
    private readonly ContainerVolumes _volumes;
    private readonly StateStore _state;
    private readonly EngineOptions _options;
    private readonly EnginePaths _paths;
    private readonly BackgroundRemoval _removal;
    private readonly ContainerEvents _events;
    private readonly TimeProvider _time;
    private readonly Lazy<HostFacts> _host;
    private readonly NetworkTable _networks;
    private readonly HostNetworks _hostNetworks;

    internal CreateContainer(ContainerTable table, ImageTable images, ContentStore content, RootFileSystem rootFileSystem, ContainerVolumes volumes, StateStore state, EngineOptions options, EnginePaths paths, BackgroundRemoval removal, ContainerEvents events, Lazy<HostFacts> host, NetworkTable networks, HostNetworks hostNetworks, TimeProvider time)
    {
        (_networks, _hostNetworks) = (networks, hostNetworks);
        (_table, _images, _content, _rootFileSystem, _volumes, _state, _options) = (table, images, content, rootFileSystem, volumes, state, options);
        (_paths, _removal, _events, _host, _time) = (paths, removal, events, host, time);
    }

    /// <summary>Creates a container.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="name">Its name, or null or empty for a generated one.</param>
    /// <param name="platform">Which of a multi-platform image's platforms; null for this machine's.</param>
    /// <param name="cancel">Gives up; nothing is left behind.</param>
    /// <returns>The container and warnings about what is served differently from what was asked.</returns>
    /// <exception cref="EngineException">No such image, a name in use, or a configuration that is wrong or cannot be served.</exception>
    public async Task<(Container Container, IReadOnlyList<string> Warnings)> RunAsync(ContainerCreateRequest request, string? name, Platform? platform, CancellationToken cancel)
    {
        // A container is usually started as soon as it is there.
        Linux.Cgroups.ExpectMigration();
        var id = NewId();
        using var lease = _content.BeginLease();
        var image = await _images.PrepareAsync(request.Image, platform, cancel).ConfigureAwait(false);
        var normalized = ContainerRequestValidator.Normalize(request, image.Config, id, _options, _host.Value);
        var endpoints = await EndpointsAsync(normalized).ConfigureAwait(false);
        var reserved = Reserve(name, id);
        try
        {
            var mounts = await _volumes.ResolveAsync(id, normalized, cancel).ConfigureAwait(false);
            var record = Record(id, reserved, request, normalized, image, mounts) with { Endpoints = endpoints };
            _rootFileSystem.Prepare(id);
            await _volumes.FillAsync(record, cancel).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            var container = new Container(record, _state, _paths, _time);
            await container.CommitAsync().ConfigureAwait(false);
            _volumes.Keep(id);
            _table.Add(container);
            _events.Publish(container, "create");
            return (container, normalized.Warnings);
        }
        catch
        {
            _table.ReleaseName(reserved, id);
            await _volumes.UndoAsync(id).ConfigureAwait(false);
            _removal.Remove(_paths.Container(id));
            throw;
        }
    }

    private async Task<IReadOnlyList<EndpointRecord>> EndpointsAsync(NormalizedRequest request)
    {
        if (request.HostConfig.NetworkMode is not (BuiltInNetworks.None or BuiltInNetworks.Host))
        {
            await _hostNetworks.ReadyAsync().ConfigureAwait(false);
        }

        LegacyLink.RequireTargets(request.HostConfig.Links, _table);
        return EndpointRequests.From(request, _networks);
    }

    // An id that reads as a number would be taken for one by programs that use it as a host name.
    private static string NewId()
    {
        while (true)
        {
            var id = RandomNumberGenerator.GetHexString(64, lowercase: true);
            if (!id.AsSpan(0, 12).ContainsAnyExceptInRange('0', '9'))
            {
                continue;
            }

            return id;
        }
    }

    private string Reserve(string? name, string id)
    {
        if (string.IsNullOrEmpty(name))
        {
            return _table.ReserveGeneratedName(id);
        }

        var bare = name.StartsWith('/') ? name[1..] : name;
        _table.ReserveName(bare, id);
        return bare;
    }

    private ContainerRecord Record(string id, string name, ContainerCreateRequest request, NormalizedRequest normalized, RunnableImage image, IReadOnlyList<ContainerMount> mounts) => new()
    {
        Id = id,
        Name = name,
        Created = _time.GetUtcNow(),
        ImageName = request.Image,
        ImageId = image.ConfigDigest.ToString(),
        ManifestDigest = image.ManifestDigest.ToString(),
        ChainId = image.ChainId,
        Platform = image.Config.Os,
        Path = normalized.Path,
        Args = normalized.Args,
        Config = normalized.Config,
        HostConfig = normalized.HostConfig,
        NetworkingConfig = normalized.NetworkingConfig,
        Mounts = mounts,
    };
}
