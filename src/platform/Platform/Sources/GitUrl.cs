using Slipway.Platform.Apps;

namespace Slipway.Platform.Sources;

/// <summary>The address of a git repository.</summary>
/// <param name="Text">As git takes it.</param>
/// <param name="Scheme"><c>https</c>, <c>http</c>, <c>ssh</c> or <c>file</c>.</param>
/// <param name="Host">Host; empty for files.</param>
/// <param name="Port">Port.</param>
/// <param name="Path">Path of the repository.</param>
public sealed record GitUrl(string Text, string Scheme, string Host, int Port, string Path)
{
    private const int MaxLength = 2048;

    /// <summary>Whether it can only be reached when local sources are allowed.</summary>
    public bool IsLocal => Scheme is "file" or "http";

    /// <summary>Reads an address: <c>https://host/path</c>, <c>ssh://user@host/path</c>, <c>user@host:path</c>; <c>http</c> and <c>file</c> where they are allowed.</summary>
    /// <exception cref="PlatformException">It is something else: another protocol, an option, credentials in it.</exception>
    public static GitUrl Parse(string text)
    {
        if (text.Length is 0 or > MaxLength || text.Any(character => char.IsControl(character) || char.IsWhiteSpace(character)) || text[0] == '-')
        {
            throw Rules.Invalid("that is no address of a git repository");
        }

        if (!text.Contains("://", StringComparison.Ordinal) && text.IndexOf('@', StringComparison.Ordinal) is > 0 and var at && text.IndexOf(':', at) is > 0 and var colon)
        {
            text = $"ssh://{text[..colon]}/{text[(colon + 1)..].TrimStart('/')}";
        }

        if (!text.Contains("://", StringComparison.Ordinal) || !Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http" or "ssh" or "file"))
        {
            throw Rules.Invalid("a repository's address begins with https://, ssh:// or user@host:");
        }

        if (uri.Scheme is "https" or "http" && uri.UserInfo.Length > 0)
        {
            throw Rules.Invalid("credentials do not belong into a repository's address: use a deploy key");
        }

        if (uri.Host.StartsWith('-') || uri.UserInfo.StartsWith('-') || uri.UserInfo.Contains(':', StringComparison.Ordinal) || (uri.Scheme == "file") != (uri.Host.Length == 0) || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            throw Rules.Invalid("that is no address of a git repository");
        }

        return new GitUrl(text, uri.Scheme, uri.Host, uri.Port > 0 ? uri.Port : 22, uri.AbsolutePath);
    }

    /// <summary>Whether two addresses mean the same repository, whatever the protocol and a <c>.git</c> at the end.</summary>
    public bool Means(GitUrl other) =>
        string.Equals(Host, other.Host, StringComparison.OrdinalIgnoreCase) && string.Equals(Plain(Path), Plain(other.Path), StringComparison.OrdinalIgnoreCase);

    private static string Plain(string path) => (path.EndsWith(".git", StringComparison.Ordinal) ? path[..^4] : path).Trim('/');
}
