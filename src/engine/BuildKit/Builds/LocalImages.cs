using Slipway.Build.Context;
using Slipway.BuildKit.Sessions;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.BuildKit.Builds;

/// <summary>
/// Images that exist for one build only, under names that no registry has: other builds' results (<see cref="SharedResults"/>), clients' image layouts,
/// caches of directories.
/// </summary>
internal sealed class LocalImages(SlipwayEngine engine)
{
    /// <summary>The repository of their names.</summary>
    internal const string Repository = "localhost/slipway-build-context";

    /// <summary>How a named context says that it is an image.</summary>
    internal const string Scheme = "docker-image://";

    private const string LayoutScheme = "oci-layout://";

    /// <summary>Whether a name is that of such an image.</summary>
    internal static bool IsLocal(Reference name) => name.Name == Repository;

    /// <summary>A new name.</summary>
    internal static Reference NewName() => Reference.Parse($"{Repository}:{Guid.NewGuid():N}");

    /// <summary>The named contexts that are image layouts of the client, as images.</summary>
    /// <param name="build">The build, at whose end they go.</param>
    /// <param name="options">Its options.</param>
    /// <returns>Contexts by name.</returns>
    /// <exception cref="EngineException">One cannot be had.</exception>
    internal async Task<IReadOnlyDictionary<string, string>> OpenLayoutsAsync(ClientBuild build, FrontendOptions options)
    {
        var contexts = new Dictionary<string, string>();
        foreach (var (name, value) in options.NamedContexts.Where(context => context.Value.StartsWith(LayoutScheme, StringComparison.Ordinal)))
        {
            var place = value[LayoutScheme.Length..];
            var at = place.IndexOf('@', StringComparison.Ordinal);
            var store = at < 0 ? place : place[..at].Split(':')[0];
            var digest = at >= 0 && Digest.TryParse(place[(at + 1)..], out var given) ? given : throw EngineException.Invalid($"oci-layout reference \"{place}\" has no digest");
            var step = build.Progress.Step($"[context {name}] OCI load from client");
            await step.RunAsync(async () =>
            {
                using var lease = engine.Content.BeginLease();
                var image = NewName();
                await new TakeLayout(engine, new SessionContent(build.Session, "oci:" + store).ReadAsync).RunAsync(digest, image, options.Requests()[0].Platform, build.Canceled).ConfigureAwait(false);
                contexts[name] = Scheme + image;
                build.AtEnd(() => RemoveAsync(image));
                return true;
            }).ConfigureAwait(false);
        }

        return contexts;
    }

    /// <summary>Takes one away.</summary>
    internal async Task RemoveAsync(Reference image)
    {
        try
        {
            await engine.RemoveImage.RunAsync(image.ToString(), force: true, prune: false).ConfigureAwait(false);
        }
        catch (EngineException e) when (e.Kind == ErrorKind.NotFound)
        {
            // Somebody else took it away.
        }
    }
}
