using Slipway.Build.Cache;
using Slipway.Build.Results.Attestations;
using Slipway.Engine;
using Slipway.Engine.Images;
using Slipway.Oci;

namespace Slipway.Build.Results;

/// <summary>An image that is stored.</summary>
/// <param name="Target">The manifest or index.</param>
/// <param name="Config">The config of this machine's platform, or of the first one; its digest is the image's id.</param>
public sealed record StoredImage(Descriptor Target, Descriptor Config);

/// <summary>
/// Stores results of one or more platforms as one image in a given form: layers packed, times limited, annotated, with attestations beside
/// each platform's manifest as <c>buildx</c> attaches them.
/// </summary>
public sealed class ImageSet(Builder builder)
{
    private sealed record Part(PlannedBuild Plan, Descriptor Manifest, Manifest Document, ImageConfig Config);

    /// <summary>Stores.</summary>
    /// <param name="plans">The results, solved.</param>
    /// <param name="form">The form.</param>
    /// <param name="names">Names with tags.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="EngineException">It cannot be stored.</exception>
    public async Task<StoredImage> StoreAsync(IReadOnlyList<PlannedBuild> plans, ImageForm form, IReadOnlyList<Reference> names, CancellationToken cancel)
    {
        if (plans is [var only] && form.IsUsual)
        {
            var image = await only.StoreAsync(names, cancel).ConfigureAwait(false);
            return new StoredImage(image.Target, image.Config);
        }

        // Pushing packs single images only.
        var effective = form.Compression is null && (plans.Count > 1 || form.NeedsIndex) ? form with { Compression = Compression.Gzip } : form;
        var parts = new List<Part>();
        foreach (var plan in plans)
        {
            parts.Add(await PartAsync(plan, effective, cancel).ConfigureAwait(false));
        }

        var target = parts is [var single] && !form.NeedsIndex ? single.Manifest with { Platform = null, Annotations = null } : await IndexAsync(parts, effective, names, cancel).ConfigureAwait(false);
        return await CommitAsync(parts, target, names, cancel).ConfigureAwait(false);
    }

    private async Task<Part> PartAsync(PlannedBuild plan, ImageForm form, CancellationToken cancel)
    {
        var (config, layers, steps) = await plan.FinishAsync(cancel).ConfigureAwait(false);
        // Layers have to be stored before other forms can be made of them.
        await builder.Commits.CommitAsync(null).ConfigureAwait(false);
        var epoch = plan.Graph.SourceDateEpoch is { } seconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : (DateTimeOffset?)null;
        var forms = new LayerForms(builder.Engine, form, epoch, cancel);
        var theirs = plan.Graph.BaseConfig?.RootFs.DiffIds.Count ?? 0;
        var formed = await Task.WhenAll(layers.Select((layer, place) => forms.OfAsync(layer, place >= theirs))).ConfigureAwait(false);
        config = config with { RootFs = new RootFs { DiffIds = [.. formed.Select(layer => layer.DiffId)] } };
        if (form.InlineCache)
        {
            config.Extra = InlineCache.Add(config.Extra, layers, steps);
        }

        var configured = builder.Engine.Content.Put(config.ToBytes(), MediaTypes.OciConfig);
        var document = new Manifest
        {
            MediaType = MediaTypes.OciManifest, Config = configured, Layers = [.. formed.Select(layer => layer.Blob)],
            Annotations = ImageAnnotation.For(form.Annotations, AnnotationPlace.Manifest, config.Platform),
        };
        var manifest = builder.Engine.Content.Put(document.ToBytes(), MediaTypes.OciManifest) with
        {
            Platform = config.Platform, Annotations = ImageAnnotation.For(form.Annotations, AnnotationPlace.ManifestDescriptor, config.Platform),
        };
        return new Part(plan, manifest, document, config);
    }

    private async Task<Descriptor> IndexAsync(List<Part> parts, ImageForm form, IReadOnlyList<Reference> names, CancellationToken cancel)
    {
        List<Descriptor> attached = [];
        foreach (var part in parts)
        {
            var subjects = Subjects(form.Subjects.Count > 0 ? form.Subjects : names, part);
            List<(string Type, byte[] Statement)> statements = [];
            if (form.PackageList)
            {
                statements.Add((SpdxDocument.PredicateType, await Task.Run(() => SpdxDocument.Write(part.Plan, subjects, builder.Engine.Time), cancel).ConfigureAwait(false)));
            }

            if (form.Provenance is { } provenance)
            {
                statements.Add((ProvenanceDocument.PredicateType, ProvenanceDocument.Write(part.Plan, provenance, subjects, builder.Engine.Time)));
            }

            if (statements.Count > 0)
            {
                attached.Add(Attach(part.Manifest.Digest, statements));
            }
        }

        var index = new Oci.Index
        {
            MediaType = MediaTypes.OciIndex, Manifests = [.. parts.Select(part => part.Manifest), .. attached],
            Annotations = ImageAnnotation.For(form.Annotations, AnnotationPlace.Index, null),
        };
        return builder.Engine.Content.Put(index.ToBytes(), MediaTypes.OciIndex);
    }

    private Descriptor Attach(Digest subject, List<(string Type, byte[] Statement)> statements)
    {
        var layers = statements.ConvertAll(statement => builder.Engine.Content.Put(statement.Statement, "application/vnd.in-toto+json") with
        {
            Annotations = new Dictionary<string, string> { ["in-toto.io/predicate-type"] = statement.Type },
        });
        var unknown = new Platform { Architecture = "unknown", Os = "unknown" };
        var config = new ImageConfig { Architecture = "unknown", Os = "unknown", Config = new ExecutionConfig(), RootFs = new RootFs { DiffIds = [.. layers.Select(layer => layer.Digest)] } };
        var manifest = new Manifest { MediaType = MediaTypes.OciManifest, Config = builder.Engine.Content.Put(config.ToBytes(), MediaTypes.OciConfig), Layers = layers };
        return builder.Engine.Content.Put(manifest.ToBytes(), MediaTypes.OciManifest) with
        {
            Platform = unknown,
            Annotations = new Dictionary<string, string> { ["vnd.docker.reference.digest"] = subject.ToString(), ["vnd.docker.reference.type"] = "attestation-manifest" },
        };
    }

    private static IReadOnlyList<AttestationSubject> Subjects(IReadOnlyList<Reference> names, Part part)
    {
        var platform = Uri.EscapeDataString(part.Config.Platform.ToString());
        return names.Count == 0
            ? [new AttestationSubject("_", part.Manifest.Digest)]
            : [.. names.Select(name => new AttestationSubject($"pkg:docker/{name.FamiliarName}@{name.Tag ?? "latest"}?platform={platform}", part.Manifest.Digest))];
    }

    private async Task<StoredImage> CommitAsync(List<Part> parts, Descriptor target, IReadOnlyList<Reference> names, CancellationToken cancel)
    {
        var host = parts.Find(part => Platform.Host.Runs(part.Config.Platform)) ?? parts[0];
        var row = new ImageRecord
        {
            Target = target with { Annotations = null, Platform = null }, ManifestDigest = host.Manifest.Digest, ImageId = host.Document.Config.Digest, Names = [.. names.Select(name => name.TagNameOnly().ToString())],
        };
        await builder.Engine.Images.PutAsync([row], null).ConfigureAwait(false);
        if (Platform.Host.Runs(host.Config.Platform))
        {
            await builder.Engine.Snapshots.EnsureUnpackedAsync(host.Document, host.Config, cancel).ConfigureAwait(false);
        }

        foreach (var name in names)
        {
            builder.Engine.Events.Publish("image", "tag", row.ImageId.ToString(), ImageEvents.Attributes(name.Familiar, host.Config));
        }

        return new StoredImage(row.Target, host.Document.Config);
    }
}
