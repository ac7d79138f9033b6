using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Oci;
using Slipway.Registry.Access;
using Slipway.Registry.Answers;

namespace Slipway.Registry.Endpoints;

/// <summary>What there is: tags, repositories, referrers (distribution-spec, content discovery).</summary>
internal sealed class ListEndpoints(SlipwayEngine engine, AccessRules access, PullThrough? copies)
{
    // An index of referrers stays below the bound that clients have for manifests.
    private const int MostFound = 100;
    private const int MostReferrers = 1000;
    private const int MostAnnotations = 2 << 20;

    internal async Task TagsAsync(RegistryCall call)
    {
        var (page, last) = (call.Page(), call.Parameter("last"));
        var there = copies?.IsCopy(call.Name) == true ? await copies.TagsAsync(call.Name, call.Aborted) : null;
        var repository = engine.Repositories.Find(call.Name) ?? (there is null ? throw RegistryFault.NameUnknown(call.Name) : null);
        var most = page == 0 ? 0 : page + 1;
        var tags = there?.Where(tag => last is null || string.CompareOrdinal(tag, last) > 0).Order(StringComparer.Ordinal).Take(most).ToList()
            ?? [.. repository!.Tags(last, most).Select(tag => tag.Tag)];
        Link(call, tags, page, $"/v2/{call.Name}/tags/list");
        await JsonAnswers.WriteAsync(call.Http, 200, new TagList(call.Name, [.. tags.Take(page)]), RegistryJson.Default.TagList);
    }

    internal Task CatalogAsync(RegistryCall call)
    {
        var (page, last) = (call.Page(), call.Parameter("last"));
        var names = engine.Repositories.All.Where(repository => repository.HasContent && (last is null || string.CompareOrdinal(repository.Name, last) > 0) && access.Allows(call.Caller, repository.Name, "pull"))
            .Select(repository => repository.Name).Take(page == 0 ? 0 : page + 1).ToList();
        Link(call, names, page, "/v2/_catalog");
        return JsonAnswers.WriteAsync(call.Http, 200, new Catalog([.. names.Take(page)]), RegistryJson.Default.Catalog);
    }

    /// <summary>What <c>docker search HOST/WORDS</c> asks: repositories whose names have the words.</summary>
    internal Task SearchAsync(RegistryCall call)
    {
        var words = call.Parameter("q") ?? "";
        var found = engine.Repositories.All.Where(repository => repository.HasContent && repository.Name.Contains(words, StringComparison.OrdinalIgnoreCase) && access.Allows(call.Caller, repository.Name, "pull"))
            .Take(Math.Min(call.Page(), MostFound)).Select(repository => new ImageSearchResult { Name = repository.Name }).ToList();
        return JsonAnswers.WriteAsync(call.Http, 200, new SearchAnswer(found.Count, words, found), RegistryJson.Default.SearchAnswer);
    }

    internal async Task ReferrersAsync(RegistryCall call)
    {
        var subject = call.Digest();
        if (copies?.IsCopy(call.Name) == true && await copies.ReferrersAsync(call.Name, subject, call.Aborted) is { } there)
        {
            await JsonAnswers.WriteAsync(call.Http, 200, there, MediaTypes.OciIndex);
            return;
        }

        var type = call.Parameter("artifactType");
        var all = (engine.Repositories.Find(call.Name)?.Referrers(subject) ?? []).Where(manifest => type is null || manifest.ArtifactType == type);
        var last = call.Parameter("last");
        var shown = new List<Descriptor>();
        var size = 0;
        foreach (var manifest in all.Where(manifest => last is null || string.CompareOrdinal(manifest.Digest.ToString(), last) > 0))
        {
            size += manifest.Annotations?.Sum(annotation => annotation.Key.Length + annotation.Value.Length) ?? 0;
            if (shown.Count > 0 && (shown.Count == MostReferrers || size > MostAnnotations))
            {
                call.Response.Headers.Link = $"</v2/{call.Name}/referrers/{subject}?last={shown[^1].Digest}{(type is null ? "" : "&artifactType=" + Uri.EscapeDataString(type))}>; rel=\"next\"";
                break;
            }

            shown.Add(new Descriptor { MediaType = manifest.MediaType, Digest = manifest.Digest, Size = manifest.Size, ArtifactType = manifest.ArtifactType, Annotations = manifest.Annotations });
        }

        if (type is not null)
        {
            call.Response.Headers["OCI-Filters-Applied"] = "artifactType";
        }

        var index = new Oci.Index { MediaType = MediaTypes.OciIndex, Manifests = shown };
        await JsonAnswers.WriteAsync(call.Http, 200, index.ToBytes(), MediaTypes.OciIndex);
    }

    private static void Link(RegistryCall call, List<string> found, int page, string path)
    {
        if (page > 0 && found.Count > page)
        {
            call.Response.Headers.Link = $"<{path}?n={page}&last={Uri.EscapeDataString(found[page - 1])}>; rel=\"next\"";
        }
    }
}
