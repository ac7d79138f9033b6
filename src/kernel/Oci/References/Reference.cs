using System.Diagnostics.CodeAnalysis;

namespace Slipway.Oci;

/// <summary>
/// Names an image: <c>[domain/]path[:tag][@digest]</c> in Docker's grammar, where <c>busybox</c> is short for
/// <c>docker.io/library/busybox</c>. Always held in the full form.
/// </summary>
public sealed record Reference
{
    /// <summary>Domain of names that have none.</summary>
    public const string DefaultDomain = "docker.io";

    /// <summary>Tag of names that have none, where one is needed.</summary>
    public const string DefaultTag = "latest";

    private const string LegacyDomain = "index.docker.io";
    private const string OfficialPrefix = "library/";

    private Reference(string domain, string path, string? tag, Digest? digest) =>
        (Domain, Path, Tag, Digest) = (domain, path, tag, digest);

    /// <summary>Registry host, with port if any, such as <c>docker.io</c> or <c>localhost:5000</c>.</summary>
    public string Domain { get; }

    /// <summary>Repository inside the registry, such as <c>library/busybox</c>.</summary>
    public string Path { get; }

    /// <summary>Tag, or null.</summary>
    public string? Tag { get; }

    /// <summary>Digest, or null.</summary>
    public Digest? Digest { get; }

    /// <summary>Full name without tag and digest: <c>docker.io/library/busybox</c>.</summary>
    public string Name => $"{Domain}/{Path}";

    /// <summary>Name as shown to people, without tag and digest: <c>busybox</c>.</summary>
    public string FamiliarName =>
        Domain != DefaultDomain ? Name
        : Path.StartsWith(OfficialPrefix, StringComparison.Ordinal) && !Path.AsSpan(OfficialPrefix.Length).Contains('/')
            ? Path[OfficialPrefix.Length..]
            : Path;

    /// <summary>As shown to people: <c>busybox:latest</c>.</summary>
    public string Familiar => FamiliarName + Suffix;

    private string Suffix => (Tag is null ? "" : ":" + Tag) + (Digest is { } digest ? "@" + digest : "");

    /// <summary>Reads a name.</summary>
    /// <exception cref="FormatException">With Docker's text, such as <c>invalid reference format</c>.</exception>
    public static Reference Parse(string? text) =>
        TryParse(text, out var reference, out var error) ? reference : throw new FormatException(error);

    /// <summary>Reads a name.</summary>
    /// <returns>False, with Docker's text in <paramref name="error"/>, when it is none.</returns>
    public static bool TryParse(
        string? text, [NotNullWhen(true)] out Reference? reference, [NotNullWhen(false)] out string? error)
    {
        reference = null;
        error = ReferenceGrammar.Split(text ?? "", out var parts);
        if (error is not null)
        {
            return false;
        }

        var (domain, path) = SplitDomain(parts.Name);
        error = ReferenceGrammar.Check(domain, path, parts);
        if (error is not null)
        {
            return false;
        }

        Digest? digest = null;
        if (parts.Digest is not null)
        {
            if (!Oci.Digest.TryParse(parts.Digest, out var value))
            {
                error = ReferenceGrammar.DigestError(parts.Digest);
                return false;
            }

            digest = value;
        }

        reference = new Reference(domain, path, parts.Tag, digest);
        return true;
    }

    /// <summary>Makes a reference of a repository and a tag given apart, as in <c>POST /images/{name}/tag</c>.</summary>
    /// <exception cref="FormatException">Either is malformed.</exception>
    public static Reference Parse(string repository, string? tag)
    {
        var named = Parse(repository);
        return string.IsNullOrEmpty(tag) ? named : named.WithTag(tag);
    }

    /// <summary>The same name with another tag, without digest.</summary>
    /// <exception cref="FormatException">The tag is malformed.</exception>
    public Reference WithTag(string tag) =>
        ReferenceGrammar.IsTag(tag) ? new(Domain, Path, tag, null) : throw new FormatException("invalid tag format");

    /// <summary>The same name with another digest, without tag.</summary>
    public Reference WithDigest(Digest digest) => new(Domain, Path, null, digest);

    /// <summary>The name without tag and digest.</summary>
    public Reference NameOnly() => new(Domain, Path, null, null);

    /// <summary>This reference, with tag <c>latest</c> if it has neither tag nor digest.</summary>
    public Reference TagNameOnly() => Tag is null && Digest is null ? WithTag(DefaultTag) : this;

    /// <summary>The full form: <c>docker.io/library/busybox:latest</c>.</summary>
    public override string ToString() => Name + Suffix;

    // The first component is a domain if it can be no path: it has a dot, a port or an upper-case letter, or is localhost.
    private static (string Domain, string Path) SplitDomain(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : name[..slash];
        var isDomain = slash >= 0
            && (first.AsSpan().ContainsAny('.', ':') || first == "localhost" || first.Any(char.IsAsciiLetterUpper));
        var (domain, path) = isDomain ? (first, name[(slash + 1)..]) : (DefaultDomain, name);
        domain = domain == LegacyDomain ? DefaultDomain : domain;
        return domain == DefaultDomain && !path.Contains('/', StringComparison.Ordinal)
            ? (domain, OfficialPrefix + path)
            : (domain, path);
    }
}
