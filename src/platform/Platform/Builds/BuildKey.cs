using System.Security.Cryptography;
using System.Text;

namespace Slipway.Platform.Builds;

/// <summary>What an image is built of, as a key: the same texts in the same order give the same, all others another.</summary>
internal static class BuildKey
{
    /// <summary>SHA-256 of the texts as UTF-8, each with its length in front, so that none runs into the next.</summary>
    /// <returns>64 hexadecimal digits; the first 16 are an image's tag.</returns>
    internal static string Of(IEnumerable<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in texts)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
