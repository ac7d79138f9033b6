using Slipway.Build.Dockerfile;

namespace Slipway.Build.Graph;

/// <summary>An address of a git repository: <c>remote#ref:subdirectory</c>, or with a query <c>?ref=…&amp;subdir=…</c>.</summary>
internal sealed record GitReference(string Remote, string Ref, string Subdirectory, string? Checksum, bool? KeepGitDir)
{
    /// <summary>Reads an address; null when it is no git repository.</summary>
    /// <exception cref="SyntaxFault">It is one, with a bad query.</exception>
    internal static GitReference? Parse(string text)
    {
        var fragment = text.IndexOf('#', StringComparison.Ordinal);
        var (address, tail) = fragment < 0 ? (text, "") : (text[..fragment], text[(fragment + 1)..]);
        var query = address.IndexOf('?', StringComparison.Ordinal);
        var (remote, options) = query < 0 ? (address, "") : (address[..query], address[(query + 1)..]);
        if (!IsGit(remote))
        {
            return null;
        }

        var colon = tail.IndexOf(':', StringComparison.Ordinal);
        var found = new GitReference(remote, colon < 0 ? tail : tail[..colon], colon < 0 ? "" : tail[(colon + 1)..], null, null);
        foreach (var option in options.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            found = found.With(option);
        }

        return found.Checksum is not null && found.Ref.Length == 0 ? found with { Ref = found.Checksum } : found;
    }

    private static bool IsGit(string remote)
    {
        if (remote.StartsWith("git://", StringComparison.Ordinal) || remote.StartsWith("ssh://", StringComparison.Ordinal))
        {
            return true;
        }

        if (remote.StartsWith("http://", StringComparison.Ordinal) || remote.StartsWith("https://", StringComparison.Ordinal))
        {
            return remote.EndsWith(".git", StringComparison.Ordinal);
        }

        // user@host:path, as scp writes it.
        var at = remote.IndexOf('@', StringComparison.Ordinal);
        var colon = remote.IndexOf(':', StringComparison.Ordinal);
        return at > 0 && colon > at && !remote.AsSpan(0, colon).Contains('/');
    }

    private GitReference With(string option)
    {
        var equals = option.IndexOf('=', StringComparison.Ordinal);
        var key = equals < 0 ? option : option[..equals];
        var value = equals < 0 ? "" : Uri.UnescapeDataString(option[(equals + 1)..]);
        return key switch
        {
            "keep-git-dir" => this with { KeepGitDir = value is "" or "1" or "true" },
            _ when value.Length == 0 => throw Fault($"query {GoText.Quote(key)} has no value", option),
            "ref" when Ref.Length == 0 || Ref == value => this with { Ref = value },
            "ref" => throw Fault($"ref conflicts: {GoText.Quote(Ref)} vs {GoText.Quote(value)}", option),
            "tag" => this with { Ref = "refs/tags/" + value },
            "branch" => this with { Ref = "refs/heads/" + value },
            "subdir" => this with { Subdirectory = value },
            "checksum" or "commit" => this with { Checksum = value },
            _ => throw Fault($"unexpected query {GoText.Quote(key)}", option),
        };
    }

    private static SyntaxFault Fault(string message, string near) => new(message, FaultNumber.Value, near);
}
