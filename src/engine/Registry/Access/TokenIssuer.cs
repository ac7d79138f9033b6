using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Slipway.Registry.Answers;

namespace Slipway.Registry.Access;

/// <summary>Tokens that say who a user is and what they are good for, signed with a key of this run (HMAC-SHA256). They live for minutes.</summary>
internal sealed class TokenIssuer(TimeProvider time)
{
    /// <summary>Seconds that a token is good for.</summary>
    internal const int Life = 300;

    private const int Longest = 16 << 10;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);

    internal string Issue(string user, IReadOnlyList<TokenScope> scopes)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(new TokenContent(user, time.GetUtcNow().ToUnixTimeSeconds() + Life, scopes), RegistryJson.Default.TokenContent);
        return $"{Base64Url.EncodeToString(content)}.{Base64Url.EncodeToString(HMACSHA256.HashData(_key, content))}";
    }

    /// <summary>What a token says; null when it is none of ours or has expired.</summary>
    internal TokenContent? Read(string token)
    {
        var dot = token.IndexOf('.', StringComparison.Ordinal);
        if (dot < 1 || token.Length > Longest)
        {
            return null;
        }

        try
        {
            var content = Base64Url.DecodeFromChars(token.AsSpan(0, dot));
            if (!CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(_key, content), Base64Url.DecodeFromChars(token.AsSpan(dot + 1))))
            {
                return null;
            }

            return JsonSerializer.Deserialize(content, RegistryJson.Default.TokenContent) is { } said && said.Expires > time.GetUtcNow().ToUnixTimeSeconds() ? said : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
