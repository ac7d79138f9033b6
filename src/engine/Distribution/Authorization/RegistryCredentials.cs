using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Distribution.Authorization;

/// <summary>Who we are to one registry. Its text never shows a secret.</summary>
public sealed class RegistryCredentials
{
    private RegistryCredentials(string user, string password, string identityToken, string registryToken) =>
        (User, Password, IdentityToken, RegistryToken) = (user, password, identityToken, registryToken);

    /// <summary>Nobody.</summary>
    public static RegistryCredentials None { get; } = new("", "", "", "");

    /// <summary>Whether there is anything to show.</summary>
    public bool IsEmpty => User.Length + IdentityToken.Length + RegistryToken.Length == 0;

    internal string User { get; }

    internal string Password { get; }

    /// <summary>A refresh token for the token server.</summary>
    internal string IdentityToken { get; }

    /// <summary>A bearer token that is sent as it is.</summary>
    internal string RegistryToken { get; }

    /// <summary>Tells credentials apart in caches without keeping them there.</summary>
    internal string Key => IsEmpty ? "" : Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{User}\0{Password}\0{IdentityToken}\0{RegistryToken}")));

    /// <summary>Credentials of the API's shape.</summary>
    /// <exception cref="EngineException">InvalidArgument: <c>auth</c> is no base64 of <c>user:password</c>.</exception>
    public static RegistryCredentials From(AuthConfig config)
    {
        var (user, password) = (config.Username ?? "", config.Password ?? "");
        if (user.Length == 0 && !string.IsNullOrEmpty(config.Auth))
        {
            var text = Decode(config.Auth);
            var colon = text.IndexOf(':', StringComparison.Ordinal);
            (user, password) = colon > 0 ? (text[..colon], text[(colon + 1)..].Trim('\0')) : throw EngineException.Invalid("invalid auth configuration");
        }

        // Some clients mark an identity token by this user name.
        return user == "<token>"
            ? new RegistryCredentials("", "", password, config.RegistryToken ?? "")
            : new RegistryCredentials(user, password, config.IdentityToken ?? "", config.RegistryToken ?? "");
    }

    /// <summary>Reads <c>X-Registry-Auth</c>: base64url of JSON. Empty means nobody.</summary>
    /// <param name="header">The header's value.</param>
    /// <param name="domain">The registry they are for; those that name another one are not used.</param>
    /// <exception cref="EngineException">InvalidArgument.</exception>
    public static RegistryCredentials FromHeader(string? header, string domain)
    {
        if (string.IsNullOrEmpty(header))
        {
            return None;
        }

        try
        {
            var json = Base64Url.DecodeFromChars(header.TrimEnd('=').Replace('+', '-').Replace('/', '_'));
            var config = JsonSerializer.Deserialize(json, DockerJson.Default.AuthConfig);
            return config is null || (!string.IsNullOrEmpty(config.ServerAddress) && Host(config.ServerAddress) != Host(domain)) ? None : From(config);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            throw EngineException.Invalid($"invalid X-Registry-Auth header: {e.Message}", e);
        }
    }

    /// <summary>Reads <c>X-Registry-Config</c>: base64url of a JSON object, registry → credentials.</summary>
    /// <exception cref="EngineException">InvalidArgument.</exception>
    public static IReadOnlyDictionary<string, RegistryCredentials> FromConfigHeader(string? header)
    {
        if (string.IsNullOrEmpty(header))
        {
            return new Dictionary<string, RegistryCredentials>();
        }

        try
        {
            var found = new Dictionary<string, RegistryCredentials>();
            using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(header.TrimEnd('=').Replace('+', '-').Replace('/', '_')));
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                found[Host(entry.Name)] = From(entry.Value.Deserialize(DockerJson.Default.AuthConfig) ?? new AuthConfig());
            }

            return found;
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            throw EngineException.Invalid($"invalid X-Registry-Config header: {e.Message}", e);
        }
    }

    /// <summary>A registry as names have it: <c>https://index.docker.io/v1/</c> is <c>docker.io</c>.</summary>
    public static string Host(string address)
    {
        var text = address.Contains("://", StringComparison.Ordinal) ? address[(address.IndexOf("://", StringComparison.Ordinal) + 3)..] : address;
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var host = (slash < 0 ? text : text[..slash]).ToLowerInvariant();
        return host is "index.docker.io" or "registry-1.docker.io" or "registry.docker.io" ? "docker.io" : host;
    }

    /// <inheritdoc/>
    public override string ToString() => IsEmpty ? "nobody" : User.Length > 0 ? User : "token";

    private static string Decode(string text)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromBase64String(text));
        }
        catch (FormatException e)
        {
            throw EngineException.Invalid("invalid auth configuration", e);
        }
    }
}
