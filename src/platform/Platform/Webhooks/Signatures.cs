using System.Security.Cryptography;
using System.Text;

namespace Slipway.Platform.Webhooks;

/// <summary>Checks how a git host proves that an event is its own. Compared in constant time; one algorithm per host, the strongest it has.</summary>
internal static class Signatures
{
    /// <summary>Whether the headers fit body and secret.</summary>
    internal static bool Fit(string host, IHeaderDictionary headers, byte[] body, string secret) => secret.Length > 0 && host switch
    {
        "github" => Hmac(headers["X-Hub-Signature-256"].ToString(), "sha256=", body, secret),
        "gitea" => Hmac(headers["X-Gitea-Signature"].ToString(), "", body, secret),
        "bitbucket" => Hmac(headers["X-Hub-Signature"].ToString(), "sha256=", body, secret),
        "gitlab" => CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(headers["X-Gitlab-Token"].ToString())), SHA256.HashData(Encoding.UTF8.GetBytes(secret))),
        _ => false,
    };

    /// <summary>Whether the event is a push; hosts send others to the same address.</summary>
    internal static bool IsPush(string host, IHeaderDictionary headers) => host switch
    {
        "github" => headers["X-GitHub-Event"] == "push",
        "gitea" => headers["X-Gitea-Event"] == "push",
        "gitlab" => headers["X-Gitlab-Event"] == "Push Hook",
        _ => headers["X-Event-Key"] == "repo:push",
    };

    /// <summary>What makes a delivery unique; a second one with it is a repetition.</summary>
    internal static string Delivery(string host, byte[] body) =>
        host + " " + Convert.ToHexStringLower(SHA256.HashData(body));

    private static bool Hmac(string header, string prefix, byte[] body, string secret)
    {
        var expected = Encoding.ASCII.GetBytes(prefix + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body)));
        return CryptographicOperations.FixedTimeEquals(expected, Encoding.ASCII.GetBytes(header));
    }
}
