namespace Slipway.Oci;

/// <summary>
/// The lexical rules of image names (distribution/reference). Read by hand in one pass: linear in the input, so that
/// a hostile name costs nothing.
/// </summary>
internal static class ReferenceGrammar
{
    private const string Invalid = "invalid reference format";
    private const int MaxName = 255;
    private const int MaxTag = 128;

    internal readonly record struct Parts(string Name, string? Tag, string? Digest);

    /// <summary>Cuts a text into name, tag and digest; checks what needs no domain.</summary>
    /// <returns>Null, or the error.</returns>
    internal static string? Split(string text, out Parts parts)
    {
        parts = default;
        if (text.Length == 0)
        {
            return Invalid;
        }

        if (text.Length == 64 && text.All(char.IsAsciiHexDigitLower))
        {
            return $"invalid repository name ({text}), cannot specify 64-byte hexadecimal strings";
        }

        var at = text.IndexOf('@', StringComparison.Ordinal);
        var rest = at < 0 ? text : text[..at];
        var colon = rest.LastIndexOf(':');
        var hasTag = colon > rest.LastIndexOf('/');
        parts = new Parts(
            hasTag ? rest[..colon] : rest, hasTag ? rest[(colon + 1)..] : null, at < 0 ? null : text[(at + 1)..]);
        return null;
    }

    /// <summary>Checks the pieces of a name.</summary>
    /// <returns>Null, or the error in Docker's words.</returns>
    internal static string? Check(string domain, string path, Parts parts)
    {
        if (path.Any(char.IsUpper))
        {
            return $"{Invalid}: repository name ({path}) must be lowercase";
        }

        if (!IsDomain(domain) || !IsPath(path) || (parts.Tag is not null && !IsTag(parts.Tag))
            || (parts.Digest is not null && !LooksLikeDigest(parts.Digest)))
        {
            return Invalid;
        }

        // Docker bounds the path, not the whole name, since the domain came to be left out of the count.
        return path.Length > MaxName ? $"repository name must not be more than {MaxName} characters" : null;
    }

    /// <summary>The error of a text that looks like a digest but is none.</summary>
    internal static string DigestError(string digest)
    {
        var algorithm = digest[..digest.IndexOf(':', StringComparison.Ordinal)];
        return algorithm switch
        {
            "sha256" or "sha512" when digest.Length != (algorithm == "sha256" ? 71 : 135) => "invalid checksum digest length",
            "sha256" or "sha384" or "sha512" => "invalid checksum digest format",
            _ => "unsupported digest algorithm",
        };
    }

    /// <summary>A tag: a word character, then up to 127 word characters, dots and dashes.</summary>
    internal static bool IsTag(string tag) =>
        tag.Length is > 0 and <= MaxTag && IsWord(tag[0]) && tag.All(c => IsWord(c) || c is '.' or '-');

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static bool IsPath(string path) => path.Split('/').All(IsPathComponent);

    // Lower-case letters and digits, between them one dot, one or two underscores, or any number of dashes.
    private static bool IsPathComponent(string text)
    {
        if (text.Length == 0 || !IsAlphanumeric(text[0]) || !IsAlphanumeric(text[^1]))
        {
            return false;
        }

        for (var i = 1; i < text.Length; i++)
        {
            if (IsAlphanumeric(text[i]))
            {
                continue;
            }

            var separator = text[i];
            var start = i;
            while (text[i + 1] == separator)
            {
                i++;
            }

            var length = i - start + 1;
            var fits = separator switch { '.' => length == 1, '_' => length <= 2, '-' => true, _ => false };
            if (!fits || !IsAlphanumeric(text[i + 1]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsAlphanumeric(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);

    // Host name, IPv4 address or bracketed IPv6 address, with an optional port.
    private static bool IsDomain(string domain)
    {
        var colon = domain.LastIndexOf(':');
        var host = domain;
        if (colon >= 0 && !domain.EndsWith(']'))
        {
            host = domain[..colon];
            if (colon == domain.Length - 1 || !domain.AsSpan(colon + 1).ContainsOnlyDigits())
            {
                return false;
            }
        }

        return host is ['[', .. var address, ']']
            ? address.Length > 0 && address.All(c => char.IsAsciiHexDigit(c) || c == ':')
            : host.Split('.').All(IsDomainComponent);
    }

    private static bool IsDomainComponent(string text) =>
        text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1])
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static bool ContainsOnlyDigits(this ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    // algorithm[+._-algorithm…]:hex, at least 32 hex digits.
    private static bool LooksLikeDigest(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon < 1 || text.Length - colon - 1 < 32 || !char.IsAsciiLetter(text[0]))
        {
            return false;
        }

        return text[(colon + 1)..].All(char.IsAsciiHexDigit)
            && text[..colon].Split('+', '.', '_', '-').All(p => p.Length > 0 && char.IsAsciiLetter(p[0]) && p.All(char.IsAsciiLetterOrDigit));
    }
}
