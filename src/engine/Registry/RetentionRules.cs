using Slipway.Engine;
using Slipway.Engine.Repositories;
using Slipway.Oci;

namespace Slipway.Registry;

/// <summary>Removes tags that are older than the newest so many that fit a rule, and manifests that only they named.</summary>
internal sealed class RetentionRules(SlipwayEngine engine, IReadOnlyList<RetentionRule> rules)
{
    /// <summary>Applies every rule to every repository.</summary>
    /// <returns>How many tags went.</returns>
    internal async Task<int> ApplyAsync()
    {
        var removed = 0;
        foreach (var repository in rules.Count == 0 ? [] : engine.Repositories.All)
        {
            var old = rules.SelectMany(rule => Old(repository, rule)).DistinctBy(tag => tag.Tag).ToList();
            if (old.Count == 0)
            {
                continue;
            }

            await engine.RemoveManifest.UntagAsync(repository.Name, [.. old.Select(tag => tag.Tag)]);
            removed += old.Count;
            foreach (var digest in Unnamed(repository, old.Select(tag => tag.Digest)))
            {
                await engine.RemoveManifest.RunAsync(repository.Name, digest);
            }
        }

        return removed;
    }

    private static IEnumerable<TagRecord> Old(Repository repository, RetentionRule rule) =>
        repository.Tags().Where(tag => Fits($"{repository.Name}:{tag.Tag}", rule.Pattern)).OrderByDescending(tag => tag.Updated).Skip(rule.Keep);

    // What was tagged, and below an index its parts, unless another tag or index needs it.
    private static List<Digest> Unnamed(Repository repository, IEnumerable<Digest> roots)
    {
        var needed = repository.Tags().Select(tag => tag.Digest).ToHashSet();
        var gone = new List<Digest>();
        var waiting = new Queue<Digest>(roots.Distinct());
        while (waiting.TryDequeue(out var digest))
        {
            var inIndex = repository.Manifests.Any(index => !gone.Contains(index.Digest) && index.Manifests.Contains(digest));
            if (!needed.Contains(digest) && !inIndex && !gone.Contains(digest) && repository.Manifest(digest) is { } manifest)
            {
                gone.Add(digest);
                foreach (var child in manifest.Manifests.Concat(repository.Referrers(digest).Select(referrer => referrer.Digest)))
                {
                    waiting.Enqueue(child);
                }
            }
        }

        return gone;
    }

    /// <summary>Whether a text fits a pattern in which <c>*</c> stands for any text.</summary>
    internal static bool Fits(string text, string pattern)
    {
        var (at, p, star, mark) = (0, 0, -1, 0);
        while (at < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, mark) = (p++, at);
            }
            else if (p < pattern.Length && pattern[p] == text[at])
            {
                (p, at) = (p + 1, at + 1);
            }
            else if (star >= 0)
            {
                (p, at) = (star + 1, ++mark);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }
}
