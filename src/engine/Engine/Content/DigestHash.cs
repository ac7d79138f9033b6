using System.Security.Cryptography;
using Slipway.Oci;

namespace Slipway.Engine.Content;

/// <summary>Computes a <see cref="Digest"/> piece by piece.</summary>
public sealed class DigestHash : IDisposable
{
    private readonly IncrementalHash _hash;
    private readonly string _algorithm;

    /// <summary>Begins a hash with <c>sha256</c> or <c>sha512</c>.</summary>
    public DigestHash(string algorithm = "sha256")
    {
        _algorithm = algorithm;
        _hash = IncrementalHash.CreateHash(algorithm == "sha512" ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);
    }

    /// <summary>Adds content.</summary>
    public void Append(ReadOnlySpan<byte> data) => _hash.AppendData(data);

    /// <summary>The digest of everything added; begins anew.</summary>
    public Digest Finish()
    {
        Span<byte> hash = stackalloc byte[64];
        var length = _hash.GetHashAndReset(hash);
        return new Digest($"{_algorithm}:{Convert.ToHexStringLower(hash[..length])}");
    }

    /// <inheritdoc/>
    public void Dispose() => _hash.Dispose();

    /// <summary>The digest of content that is at hand.</summary>
    public static Digest Of(string algorithm, ReadOnlySpan<byte> data)
    {
        using var hash = new DigestHash(algorithm);
        hash.Append(data);
        return hash.Finish();
    }
}
