using Slipway.Build;
using Slipway.BuildKit.Sessions;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.BuildKit.Builds;

/// <summary>Results of steps to and from other places: registries, and images that carry them along.</summary>
internal sealed class ExportCache(Builder builder, SessionRegistry registry)
{
    /// <summary>Refuses what cannot be written, before anything is built.</summary>
    /// <exception cref="GrpcException">InvalidArgument.</exception>
    internal static void Check(SolveRequest request)
    {
        if (request.Cache?.Exports.FirstOrDefault(entry => entry.Type is not ("inline" or "registry")) is { } unknown)
        {
            throw new GrpcException(GrpcStatus.Unknown, $"unknown cache exporter: \"{unknown.Type}\" (this engine writes inline and registry caches)");
        }
    }

    /// <summary>Takes results over. What is not there, or of another kind, is told and does no harm.</summary>
    internal async Task ImportAsync(ClientBuild build, IEnumerable<CacheOptionsEntry> entries, Oci.Platform? platform)
    {
        foreach (var entry in entries)
        {
            var name = entry.Attrs.GetValueOrDefault("ref") ?? "";
            var step = build.Progress.Step($"importing cache manifest from {(name.Length > 0 ? name : entry.Type)}").Start();
            try
            {
                var count = entry.Type != "registry" || !Reference.TryParse(name, out var reference, out _)
                    ? throw EngineException.Invalid($"unknown cache importer: {entry.Type}")
                    : await builder.ImportCache.RunAsync(reference.TagNameOnly(), platform, registry.PullFor(build.Session), build.Canceled).ConfigureAwait(false);
                step.Part(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"taking over {count} results"), 0, 0, done: true);
                step.Done();
            }
            catch (EngineException e)
            {
                step.Fail(e.Message);
            }
        }
    }

    /// <summary>Writes results where the client wants them.</summary>
    internal async Task ExportAsync(ClientBuild build, IReadOnlyList<FrontendResult> results)
    {
        foreach (var entry in build.Request.Cache?.Exports.Where(entry => entry.Type == "registry") ?? [])
        {
            var step = build.Progress.Step("exporting cache to registry");
            await step.RunAsync(async () =>
            {
                await ToRegistryAsync(build, results, entry).ConfigureAwait(false);
                return true;
            }).ConfigureAwait(false);
        }
    }

    private async Task ToRegistryAsync(ClientBuild build, IReadOnlyList<FrontendResult> results, CacheOptionsEntry entry)
    {
        if (!Reference.TryParse(entry.Attrs.GetValueOrDefault("ref") ?? "", out var name, out var error))
        {
            throw EngineException.Invalid($"registry cache exporter requires ref: {error}");
        }

        name = name.TagNameOnly();
        using var lease = builder.Engine.Content.BeginLease();
        // The name belongs to the cache only as long as it is sent; an image that has it here keeps it.
        var own = builder.Engine.Images.Find(name.ToString())?.Record.Target.Digest;
        var compression = entry.Attrs.GetValueOrDefault("compression") == "zstd" ? Compression.Zstd : Compression.Gzip;
        await builder.CacheImage.StoreAsync([.. results.Select(result => result.Plan)], entry.Attrs.GetValueOrDefault("mode") == "max", compression, name, build.Canceled).ConfigureAwait(false);
        try
        {
            await registry.PushAsync(build.Session, name, _ => { }, build.Canceled).ConfigureAwait(false);
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
