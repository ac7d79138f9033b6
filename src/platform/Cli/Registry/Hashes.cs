using System.Security.Cryptography;
using Slipway.Oci;

namespace Slipway.Cli.Registry;

/// <summary>Computes digests in the algorithm that is asked for.</summary>
internal static class Hashes
{
    public static IncrementalHash Begin(string algorithm) => IncrementalHash.CreateHash(algorithm == "sha512" ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);

    public static Digest Of(string algorithm, ReadOnlySpan<byte> content)
    {
        using IncrementalHash hash = Begin(algorithm);
        hash.AppendData(content);
        return Finish(algorithm, hash);
    }

    public static Digest Finish(string algorithm, IncrementalHash hash) => new($"{algorithm}:{Convert.ToHexStringLower(hash.GetHashAndReset())}");
}
