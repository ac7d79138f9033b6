using Slipway.Engine.Repositories;
using Slipway.Registry.Answers;

namespace Slipway.Registry;

/// <summary>What a request is about.</summary>
internal enum Noun
{
    Root,
    Catalog,
    Search,
    Token,
    Metrics,
    Admin,
    Tags,
    Manifest,
    Blob,
    Uploads,
    Upload,
    Referrers,
}

/// <summary>A request's address, taken apart. Names of repositories have slashes, so the nouns are looked for from the end.</summary>
/// <param name="Noun">What it is about.</param>
/// <param name="Name">The repository, or empty.</param>
/// <param name="Rest">Digest, tag or id.</param>
internal sealed record RegistryAddress(Noun Noun, string Name, string Rest)
{
    internal static readonly RegistryAddress Root = new(Noun.Root, "", "");

    private const string AdminPrefix = "/slipway/v1/";

    /// <exception cref="RegistryFault">It is malformed, or there is nothing at it.</exception>
    internal static RegistryAddress Read(string target)
    {
        if (!target.StartsWith('/'))
        {
            throw RegistryFault.Unsupported("the address must begin with a slash", 400);
        }

        var path = Uri.UnescapeDataString(target.Split('?', 2)[0]);
        return path switch
        {
            "/v2/" or "/v2" => Root,
            "/v2/_catalog" => new RegistryAddress(Noun.Catalog, "", ""),
            "/v1/search" => new RegistryAddress(Noun.Search, "", ""),
            "/token" => new RegistryAddress(Noun.Token, "", ""),
            "/metrics" => new RegistryAddress(Noun.Metrics, "", ""),
            _ when path.StartsWith(AdminPrefix, StringComparison.Ordinal) => new RegistryAddress(Noun.Admin, "", path[AdminPrefix.Length..]),
            _ when path.StartsWith("/v2/", StringComparison.Ordinal) => OfRepository(path[4..].Split('/')),
            _ => throw RegistryFault.Unsupported("there is nothing at this address", 404),
        };
    }

    /// <summary>The right that a method needs; null when there is no such method here.</summary>
    internal string? Action(string method) => (Noun, method) switch
    {
        (Noun.Catalog or Noun.Search or Noun.Tags or Noun.Referrers, "GET" or "HEAD") => "pull",
        (Noun.Manifest or Noun.Blob, "GET" or "HEAD") => "pull",
        (Noun.Manifest, "PUT") => "push",
        (Noun.Manifest or Noun.Blob, "DELETE") => "delete",
        (Noun.Uploads, "POST") => "push",
        (Noun.Upload, "GET" or "HEAD" or "PATCH" or "PUT" or "DELETE") => "push",
        _ => null,
    };

    private static RegistryAddress OfRepository(string[] parts) => parts switch
    {
        [.. var name, "blobs", "uploads", ""] => Named(Noun.Uploads, name, ""),
        [.. var name, "blobs", "uploads"] => Named(Noun.Uploads, name, ""),
        [.. var name, "blobs", "uploads", var id] => Named(Noun.Upload, name, id),
        [.. var name, "blobs", var digest] => Named(Noun.Blob, name, digest),
        [.. var name, "manifests", var reference] => Named(Noun.Manifest, name, reference),
        [.. var name, "tags", "list"] => Named(Noun.Tags, name, ""),
        [.. var name, "referrers", var digest] => Named(Noun.Referrers, name, digest),
        _ => throw RegistryFault.Unsupported("there is nothing at this address", 404),
    };

    private static RegistryAddress Named(Noun noun, string[] parts, string rest)
    {
        var name = string.Join('/', parts);
        return RepositoryNames.IsName(name) ? new RegistryAddress(noun, name, rest) : throw RegistryFault.NameInvalid(name);
    }
}
