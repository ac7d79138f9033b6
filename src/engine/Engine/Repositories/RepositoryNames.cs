using Slipway.Oci;

namespace Slipway.Engine.Repositories;

/// <summary>Which names and tags a registry takes (distribution-spec, pulling manifests; Docker's grammar, which is the stricter one).</summary>
public static class RepositoryNames
{
    private const string Prefix = "registry.invalid/";

    /// <summary>Whether this can be the name of a repository.</summary>
    public static bool IsName(string text) =>
        Reference.TryParse(Prefix + text, out var reference, out _) && reference is { Tag: null, Digest: null } && reference.Path == text;

    /// <summary>Whether this can be a tag.</summary>
    public static bool IsTag(string text) =>
        Reference.TryParse($"{Prefix}x:{text}", out var reference, out _) && reference.Digest is null && reference.Tag == text;
}
