using System.Text.Json;
using System.Text.Json.Serialization;
using Slipway.DockerApi;
using Slipway.Distribution.Pushing;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Engine.Images;
using Slipway.Engine.Images.Receive;
using Slipway.Oci;

namespace Slipway.Distribution;

/// <summary><c>docker push</c>: layers, several at once, then config, then manifest, then the index if there is one.</summary>
public sealed class PushImage
{
    private readonly SlipwayEngine _engine;
    private readonly RegistryDoor _door;
    private readonly Func<DistributionOptions> _options;
    private readonly TransferSlots _slots;
    private readonly RecordPush _record;

    internal PushImage(SlipwayEngine engine, RegistryDoor door, Func<DistributionOptions> options)
    {
        (_engine, _door, _options) = (engine, door, options);
        _slots = new TransferSlots(() => options().MaxUploads);
        _record = new RecordPush(engine.Content, engine.Snapshots, engine.Images);
    }

    /// <summary>Pushes.</summary>
    /// <param name="request">What and where to.</param>
    /// <param name="report">Receives Docker's progress messages, from several threads; null for none.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="EngineException">In Docker's words: NotFound, Unauthorized, Forbidden, Damaged, Unavailable.</exception>
    public async Task RunAsync(PushRequest request, Action<JsonMessage>? report, CancellationToken cancel)
    {
        var name = request.Name;
        if (name.Digest is not null)
        {
            throw EngineException.Invalid("cannot push a digest reference");
        }

        report?.Invoke(new JsonMessage { Status = $"The push refers to repository [{name.Name}]" });
        foreach (var one in name.Tag is null ? Tags(name) : [name])
        {
            await PushAsync(one, request, report, cancel).ConfigureAwait(false);
        }
    }

    private List<Reference> Tags(Reference repository)
    {
        var tags = _engine.Images.All.SelectMany(image => image.Record.Names).Select(text => Reference.Parse(text)).Where(name => name.Name == repository.Name).OrderBy(name => name.Tag, StringComparer.Ordinal).ToList();
        return tags.Count > 0 ? tags : throw EngineException.NotFound($"An image does not exist locally with the tag: {repository.FamiliarName}");
    }

    private async Task PushAsync(Reference name, PushRequest request, Action<JsonMessage>? report, CancellationToken cancel)
    {
        using var lease = _engine.Content.BeginLease();
        var image = _engine.Images.Find(name.ToString()) is { } found && found.Record.Names.Contains(name.ToString())
            ? found
            : throw EngineException.NotFound($"An image does not exist locally with the tag: {name.FamiliarName}");
        var sources = new MountSources(_engine, name);
        try
        {
            var pushed = await _door.TryEachAsync(
                name, request.Credentials, "pull,push", session => new ImagePusher(_engine, session, _options(), _slots, sources, report).RunAsync(image, request.Platform, name.Tag!, cancel), cancel, sources.Repositories).ConfigureAwait(false);
            using (pushed)
            {
                await _record.RunAsync(image, name.NameOnly().WithDigest(pushed.Target.Digest).ToString(), pushed.Packed, cancel).ConfigureAwait(false);
            }

            Announce(name, pushed.Target, report);
            _engine.Events.Publish("image", "push", name.Familiar, ImageEvents.Attributes(name.FamiliarName, image.Readable ? image.Config : null));
        }
        catch (RegistryException e)
        {
            throw e.ToEngineException();
        }
    }

    private static void Announce(Reference name, Descriptor target, Action<JsonMessage>? report)
    {
        report?.Invoke(new JsonMessage { Status = $"{name.Tag}: digest: {target.Digest} size: {target.Size}" });
        var aux = new PushResult(name.Tag!, target.Digest.ToString(), target.Size);
        report?.Invoke(new JsonMessage { ProgressDetail = new ProgressDetail(), Aux = JsonSerializer.SerializeToElement(aux, PushJson.Default.PushResult) });
    }
}

/// <summary><c>aux</c> of the last message of a push.</summary>
internal sealed record PushResult(string Tag, string Digest, long Size);

/// <summary>JSON of what a push tells.</summary>
[JsonSerializable(typeof(PushResult))]
internal sealed partial class PushJson : JsonSerializerContext;
