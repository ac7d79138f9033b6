using System.Globalization;
using System.Text.Json;
using Slipway.Build;
using Slipway.Build.Context;
using Slipway.BuildKit.Sessions;
using Slipway.BuildKitApi.Messages;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.BuildKit.Builds;

/// <summary>Takes results of steps from other places: registries and directories of clients.</summary>
internal sealed class CacheSources(Builder builder, SessionRegistry registry)
{
    /// <summary>The caches that a build names. A client that plans by itself names them in its call, by options of the frontend, or in the request.</summary>
    internal static IReadOnlyList<CacheOptionsEntry> Of(ClientBuild build, FrontendOptions options, IEnumerable<CacheOptionsEntry> called)
    {
        List<CacheOptionsEntry> entries = [.. called, .. build.Request.Frontend.Length > 0 ? build.Request.Cache?.Imports ?? [] : []];
        return entries.Count > 0 ? entries
            : options.Value("cache-imports") is { Length: > 0 } listed ? Parse(listed)
            : [.. options.CacheFrom.Select(name => new CacheOptionsEntry { Type = "registry", Attrs = { ["ref"] = name } })];
    }

    /// <summary>Takes results over. What is not there, or of another kind, is told and does no harm.</summary>
    internal async Task ImportAsync(ClientBuild build, IEnumerable<CacheOptionsEntry> entries, Oci.Platform? platform)
    {
        foreach (var entry in entries)
        {
            var name = entry.Attrs.GetValueOrDefault("ref") ?? entry.Attrs.GetValueOrDefault("src") ?? "";
            var step = build.Progress.Step($"importing cache manifest from {(name.Length > 0 ? name : entry.Type)}").Start();
            try
            {
                var count = await (entry.Type switch
                {
                    "registry" when Reference.TryParse(name, out var reference, out _) => builder.ImportCache.RunAsync(reference.TagNameOnly(), platform, registry.PullFor(build.Session), build.Canceled),
                    "local" when Digest.TryParse(entry.Attrs.GetValueOrDefault("digest"), out var digest) =>
                        builder.ImportCache.RunAsync(Reference.Parse(LocalImages.Repository).WithDigest(digest), platform, Directory(build, name), build.Canceled),
                    "local" => throw EngineException.Invalid("local cache importer requires explicit digest"),
                    _ => throw EngineException.Invalid($"unknown cache importer: {entry.Type}"),
                }).ConfigureAwait(false);
                step.Part(string.Create(CultureInfo.InvariantCulture, $"taking over {count} results"), 0, 0, done: true);
                step.Done();
            }
            catch (Exception e) when (e is not OperationCanceledException || !build.Canceled.IsCancellationRequested)
            {
                // Whatever is wrong with it: a build does without.
                step.Fail(e.Message);
            }
        }
    }

    private Func<Reference, Oci.Platform?, CancellationToken, Task> Directory(ClientBuild build, string source)
    {
        var layout = new TakeLayout(builder.Engine, new SessionContent(build.Session, "local:" + source).ReadAsync);
        return (name, platform, cancel) => layout.RunAsync(name.Digest!.Value, name, platform, cancel);
    }

    // [{"Type":"local","Attrs":{"src":"…"}}]
    private static List<CacheOptionsEntry> Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            return [.. document.RootElement.EnumerateArray().Select(Entry)];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw EngineException.Invalid($"failed to parse cache-imports: {e.Message}", e);
        }
    }

    private static CacheOptionsEntry Entry(JsonElement json)
    {
        var entry = new CacheOptionsEntry { Type = json.GetProperty("Type").GetString() ?? "" };
        if (json.TryGetProperty("Attrs", out var attributes) && attributes.ValueKind == JsonValueKind.Object)
        {
            foreach (var attribute in attributes.EnumerateObject())
            {
                entry.Attrs[attribute.Name] = attribute.Value.GetString() ?? "";
            }
        }

        return entry;
    }
}
