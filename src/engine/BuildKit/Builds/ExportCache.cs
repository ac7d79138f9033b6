using Slipway.Build;
using Slipway.BuildKit.Sessions;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.BuildKit.Builds;

/// <summary>Writes results of steps to other places: registries, directories of clients, and images that carry them along.</summary>
internal sealed class ExportCache(Builder builder, SessionRegistry registry)
{
    private static readonly Reference Local = Reference.Parse(LocalImages.Repository);

    /// <summary>Refuses what cannot be written, before anything is built.</summary>
    /// <exception cref="GrpcException">Unknown: it cannot.</exception>
    internal static void Check(SolveRequest request)
    {
        foreach (var entry in request.Cache?.Exports ?? [])
        {
            _ = entry.Type switch
            {
                "inline" => "",
                "registry" => Required(entry, "ref"),
                "local" => Required(entry, "dest"),
                _ => throw new GrpcException(GrpcStatus.Unknown, $"unknown cache exporter: \"{entry.Type}\" (this engine writes inline, registry and local caches)"),
            };
        }
    }

    /// <summary>Writes results where the client wants them.</summary>
    /// <returns>What the client is told.</returns>
    internal async Task<IReadOnlyDictionary<string, string>> ExportAsync(ClientBuild build, IReadOnlyList<FrontendResult> results)
    {
        var told = new Dictionary<string, string>();
        foreach (var entry in build.Request.Cache?.Exports.Where(entry => entry.Type is "registry" or "local") ?? [])
        {
            var step = build.Progress.Step(entry.Type == "local" ? "exporting cache to client directory" : "exporting cache to registry");
            await step.RunAsync(async () =>
            {
                await (entry.Type == "local" ? ToDirectoryAsync(build, results, entry, told) : ToRegistryAsync(build, results, entry)).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
        }

        return told;
    }

    private static string Required(CacheOptionsEntry entry, string attribute) => entry.Attrs.GetValueOrDefault(attribute) is { Length: > 0 } value
        ? value : throw new GrpcException(GrpcStatus.Unknown, $"{entry.Type} cache exporter requires {attribute}");

    private Task ToRegistryAsync(ClientBuild build, IReadOnlyList<FrontendResult> results, CacheOptionsEntry entry)
    {
        var name = Reference.TryParse(entry.Attrs["ref"], out var parsed, out var error) ? parsed.TagNameOnly() : throw EngineException.Invalid($"registry cache exporter requires ref: {error}");
        return StoredAsync(build, results, entry, name, () => registry.PushAsync(build.Session, name, _ => { }, build.Canceled));
    }

    // The client notes the manifest in the directory's index.
    private Task ToDirectoryAsync(ClientBuild build, IReadOnlyList<FrontendResult> results, CacheOptionsEntry entry, Dictionary<string, string> told)
    {
        var directory = new SessionContent(build.Session, "local:" + entry.Attrs["dest"]);
        var name = Local.WithTag(Guid.NewGuid().ToString("N"));
        return StoredAsync(build, results, entry, name, async () =>
        {
            var target = builder.Engine.Images.Find(name.ToString())!.Record.Target;
            foreach (var (digest, size) in Blobs(target))
            {
                var content = builder.Engine.Content.OpenRead(digest);
                await using (content.ConfigureAwait(false))
                {
                    await directory.WriteAsync(digest, size, content, build.Canceled).ConfigureAwait(false);
                }
            }

            told["cache.manifest"] = $$"""{"mediaType":"{{target.MediaType}}","digest":"{{target.Digest}}","size":{{target.Size}}}""";
        });
    }

    // What others name comes before them, so that a directory is whole at every instant.
    private IEnumerable<(Digest Digest, long Size)> Blobs(Descriptor target)
    {
        var content = builder.Engine.Content;
        IReadOnlyList<Descriptor> manifests = MediaTypes.IsIndex(target.MediaType) ? Oci.Index.Parse(content.ReadSmall(target.Digest)).Manifests : [target];
        return manifests.SelectMany(manifest => Manifest.Parse(content.ReadSmall(manifest.Digest)) is var document ? document.Layers.Append(document.Config).Append(manifest) : [])
            .Append(target).Select(blob => (blob.Digest, blob.Size)).Distinct();
    }

    private async Task StoredAsync(ClientBuild build, IReadOnlyList<FrontendResult> results, CacheOptionsEntry entry, Reference name, Func<Task> send)
    {
        using var lease = builder.Engine.Content.BeginLease();
        // The name belongs to the cache only as long as it is sent; an image that has it here keeps it.
        var own = builder.Engine.Images.Find(name.ToString())?.Record.Target.Digest;
        var compression = entry.Attrs.GetValueOrDefault("compression") == "zstd" ? Compression.Zstd : Compression.Gzip;
        await builder.CacheImage.StoreAsync([.. results.Select(result => result.Plan)], entry.Attrs.GetValueOrDefault("mode") == "max", compression, name, build.Canceled).ConfigureAwait(false);
        try
        {
            await send().ConfigureAwait(false);
        }
        finally
        {
            if (own is { } before)
            {
                await builder.Engine.TagImage.RunAsync(before.ToString(), name.Name, name.Tag).ConfigureAwait(false);
            }
            else
            {
                await builder.Engine.RemoveImage.RunAsync(name.ToString(), force: true, prune: false).ConfigureAwait(false);
            }
        }
    }
}
