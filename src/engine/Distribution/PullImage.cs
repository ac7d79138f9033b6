using Slipway.DockerApi;
using Slipway.Distribution.Fetching;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Engine.Images;
using Slipway.Engine.Images.Receive;
using Slipway.Oci;

namespace Slipway.Distribution;

/// <summary>
/// <c>docker pull</c>: name → manifest of the platform → config → layers, several at once, each hashed and unpacked while it arrives → one
/// commit. Until then nothing of the image can be seen; what arrived stays for the next attempt.
/// </summary>
public sealed class PullImage
{
    private readonly SlipwayEngine _engine;
    private readonly RegistryDoor _door;
    private readonly Func<DistributionOptions> _options;
    private readonly BlobFlights _flights;
    private readonly ReceiveImage _receive;

    internal PullImage(SlipwayEngine engine, RegistryDoor door, Func<DistributionOptions> options)
    {
        (_engine, _door, _options) = (engine, door, options);
        _flights = new BlobFlights(engine.Content, engine.Snapshots, options, engine.Time);
        _receive = new ReceiveImage(engine.Content, engine.Snapshots, engine.Images);
    }

    /// <summary>Pulls.</summary>
    /// <param name="request">What.</param>
    /// <param name="report">Receives Docker's progress messages, from several threads; null for none.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="EngineException">In Docker's words: NotFound, Unauthorized, InvalidArgument for content that is not what it should be, Unavailable.</exception>
    public async Task RunAsync(PullRequest request, Action<JsonMessage>? report, CancellationToken cancel)
    {
        var progress = new PullProgress(report);
        var names = request.Name.Tag is null && request.Name.Digest is null ? await TagsAsync(request, cancel).ConfigureAwait(false) : [request.Name];
        var newer = false;
        foreach (var name in names)
        {
            newer |= await PullAsync(name, request, progress, cancel).ConfigureAwait(false);
            if (names.Count == 1)
            {
                progress.Line(newer ? $"Status: Downloaded newer image for {name.Familiar}" : $"Status: Image is up to date for {name.Familiar}");
            }
        }

        if (names.Count != 1)
        {
            progress.Line(newer ? $"Status: Downloaded newer image for {request.Name.FamiliarName}" : $"Status: Image is up to date for {request.Name.FamiliarName}");
        }
    }

    private async Task<IReadOnlyList<Reference>> TagsAsync(PullRequest request, CancellationToken cancel)
    {
        try
        {
            var tags = await _door.TryEachAsync(request.Name, request.Credentials, "pull", session => new TagLister(session).RunAsync(cancel), cancel).ConfigureAwait(false);
            return tags.Count > 0 ? [.. tags.Select(request.Name.WithTag)] : throw EngineException.NotFound($"repository {request.Name.FamiliarName} has no tags");
        }
        catch (RegistryException e)
        {
            throw PullFailure.Translate(e, request.Name);
        }
    }

    private async Task<bool> PullAsync(Reference name, PullRequest request, PullProgress progress, CancellationToken cancel)
    {
        try
        {
            var (digest, newer) = await _door.TryEachAsync(
                name, request.Credentials, "pull", session => PullFromAsync(session, name, request.Platform, progress, cancel), cancel).ConfigureAwait(false);
            progress.Line($"Digest: {digest}");
            var image = _engine.Images.Find(name.ToString());
            _engine.Events.Publish("image", "pull", name.Familiar, ImageEvents.Attributes(name.FamiliarName, image is { Readable: true } ? image.Config : null));
            return newer;
        }
        catch (RegistryException e)
        {
            throw PullFailure.Translate(e, name);
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid($"invalid image {name.Familiar}: {e.Message}", e);
        }
    }

    private async Task<(Digest Digest, bool Newer)> PullFromAsync(RegistrySession session, Reference name, Platform? platform, PullProgress progress, CancellationToken cancel)
    {
        using var lease = _engine.Content.BeginLease();
        var manifests = new ManifestFetcher(session, _options(), _engine.Time);
        var shown = name.Digest is not null ? name.ToString() : name.Tag!;
        var present = new PresentImage(_engine);
        if (_engine.Images.Find(name.ToString()) is { } known)
        {
            var head = name.Digest ?? (await manifests.HeadAsync(name.Tag!, cancel).ConfigureAwait(false))?.Digest;
            if (head == known.Record.Target.Digest && present.IsComplete(known, platform, lease))
            {
                progress.Line($"Pulling from {session.Repository}", shown);
                return (known.Record.Target.Digest, false);
            }
        }

        var wanted = name.Digest is { } pinned ? new Descriptor { Digest = pinned } : null;
        var target = await manifests.GetAsync(name.Digest?.ToString() ?? name.Tag!, wanted, cancel).ConfigureAwait(false);
        progress.Line($"Pulling from {session.Repository}", shown);
        var image = await new ImageResolver(manifests, name).ResolveAsync(target, platform, cancel).ConfigureAwait(false);
        await StoreAsync(session, name, target.Descriptor, image, progress, lease, cancel).ConfigureAwait(false);
        return (target.Descriptor.Digest, true);
    }

    private async Task StoreAsync(RegistrySession session, Reference name, Descriptor target, ResolvedImage image, PullProgress progress, Lease lease, CancellationToken cancel)
    {
        var layers = image.Manifest.Layers;
        using var transfer = new LayerTransfer(_engine, _flights, session, progress, lease);
        var received = await transfer.RunAsync(layers, Layers.ChainIds(image.Config.RootFs.DiffIds), cancel).ConfigureAwait(false);
        await _receive.RunAsync(
            new ReceivedImage
            {
                Target = target,
                ManifestDescriptor = image.Descriptor,
                Manifest = image.Manifest,
                Config = image.Config,
                Documents = image.Documents,
                Layers = received,
                Name = name.Digest is null ? name.ToString() : null,
                DigestName = name.NameOnly().WithDigest(target.Digest).ToString(),
            },
            place => transfer.Unpacked(layers[place], place),
            cancel).ConfigureAwait(false);
        if (session.Endpoint.IsOwn && received.All(layer => layer.Blob is null))
        {
            // Our own registry gives what is here already: nothing travels, and nobody waits.
            _engine.BackgroundUnpack.Begin(image.Manifest, image.Config);
            return;
        }

        await _engine.Snapshots.EnsureUnpackedAsync(image.Manifest, image.Config, cancel).ConfigureAwait(false);
    }
}
