using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Slipway.Platform.Apps;

/// <summary>
/// Variables that exist because a Compose file names them, as Coolify has them: <c>SERVICE_PASSWORD_DB</c>, <c>SERVICE_URL_WEB_3000</c> and so on.
/// Values are made once and kept; addresses follow the domains.
/// </summary>
internal static class MagicVariables
{
    private const string Prefix = "SERVICE_";
    private const string Small = "abcdefghijklmnopqrstuvwxyz";
    private const string Digits = "0123456789";
    private const string Letters = Small + "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + Digits;
    private const string Symbols = "!#%&()*+,-./:;<=>?@[]^_{|}~";
    private static readonly string[] s_addresses = ["URL", "FQDN", "NAME"];
    private static readonly string[] s_kinds = ["PASSWORDWITHSYMBOLS", "PASSWORD", "LOWERCASEUSER", "USER", "REALBASE64", "BASE64", "HEX", "SUPABASEANON", "SUPABASESERVICE", .. s_addresses];

    /// <summary>The secret that tokens of Supabase are signed with.</summary>
    internal const string SigningKey = "SERVICE_PASSWORD_JWT";

    /// <summary>Whether a name is one of these.</summary>
    internal static bool IsMagic(string name) => Kind(name) is not null;

    /// <summary>Whether its value is an address or a name, which everybody may see and which follows the settings.</summary>
    internal static bool IsAddress(string name) => Kind(name) is { } kind && s_addresses.Contains(kind);

    /// <summary>What an address is of: <c>URL</c>, <c>FQDN</c> or <c>NAME</c>, and the identifier after it.</summary>
    internal static (string Kind, string Id) Address(string name)
    {
        var kind = Kind(name)!;
        return (kind, name[(Prefix.Length + kind.Length + 1)..]);
    }

    /// <summary>Finds the service and port that an identifier means: the service's name in capitals with <c>_</c> for everything else, perhaps with a port after it.</summary>
    /// <param name="id">The identifier.</param>
    /// <param name="services">Names of services.</param>
    internal static (string? Service, int Port) Find(string id, IEnumerable<string> services)
    {
        // Of names that differ in punctuation alone the first is meant.
        var names = services.GroupBy(Identifier, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.First(), StringComparer.Ordinal);
        if (names.TryGetValue(Identifier(id), out var whole))
        {
            return (whole, 0);
        }

        var cut = id.LastIndexOf('_');
        return cut > 0 && int.TryParse(id.AsSpan(cut + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
            ? (names.GetValueOrDefault(Identifier(id[..cut])), port) : (null, 0);
    }

    /// <summary>A new value for a name.</summary>
    /// <param name="name">The name, no address.</param>
    /// <param name="signingKey">Value of <see cref="SigningKey"/>.</param>
    /// <param name="now">The time.</param>
    internal static string NewValue(string name, Func<string> signingKey, DateTimeOffset now)
    {
        var kind = Kind(name)!;
        var length = Length(name[(Prefix.Length + kind.Length)..]);
        return kind switch
        {
            "PASSWORD" => RandomNumberGenerator.GetString(Letters, length),
            "PASSWORDWITHSYMBOLS" => RandomNumberGenerator.GetString(Letters + Symbols, length),
            "USER" => RandomNumberGenerator.GetString(Small, 1) + RandomNumberGenerator.GetString(Letters, 15),
            "LOWERCASEUSER" => RandomNumberGenerator.GetString(Small, 1) + RandomNumberGenerator.GetString(Small + Digits, 15),
            "BASE64" => RandomNumberGenerator.GetString(Letters, length),
            "REALBASE64" => Convert.ToBase64String(RandomNumberGenerator.GetBytes(length)),
            "HEX" => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(length)),
            "SUPABASEANON" => Token("anon", signingKey(), now),
            _ => Token("service_role", signingKey(), now),
        };
    }

    private static string? Kind(string name) => !name.StartsWith(Prefix, StringComparison.Ordinal) ? null
        : s_kinds.FirstOrDefault(kind => name.Length > Prefix.Length + kind.Length + 1 && name[Prefix.Length + kind.Length] == '_' && name.AsSpan(Prefix.Length).StartsWith(kind, StringComparison.Ordinal));

    // The length stands behind the kind or at the end: SERVICE_PASSWORD_64_DB, SERVICE_BASE64_64, SERVICE_HEX_KEY_32.
    private static int Length(string rest)
    {
        var parts = rest.Split('_', StringSplitOptions.RemoveEmptyEntries);
        var text = parts.Length == 0 ? "" : parts[0] is "32" or "64" or "128" ? parts[0] : parts[^1];
        return text is "32" or "64" or "128" ? int.Parse(text, CultureInfo.InvariantCulture) : 32;
    }

    private static string Identifier(string name) => string.Concat(name.Select(character => char.IsAsciiLetterOrDigit(character) ? char.ToUpperInvariant(character) : '_'));

    private static string Token(string role, string key, DateTimeOffset now)
    {
        var body = Part("""{"alg":"HS256","typ":"JWT"}""") + "."
            + Part(string.Create(CultureInfo.InvariantCulture, $$"""{"iss":"supabase","iat":{{now.ToUnixTimeSeconds()}},"exp":{{now.AddYears(100).ToUnixTimeSeconds()}},"role":"{{role}}"}"""));
        return body + "." + Part(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.ASCII.GetBytes(body)));
    }

    private static string Part(string text) => Part(Encoding.UTF8.GetBytes(text));

    private static string Part(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);
}
