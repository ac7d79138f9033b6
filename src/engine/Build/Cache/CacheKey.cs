using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Slipway.Build.Cache;

/// <summary>
/// Makes the key of a step: a hash over the kind of work, the keys of what it works on and everything else that it depends on. Each field
/// is preceded by its length, so that no two lists of fields give the same bytes.
/// </summary>
internal sealed class CacheKey : IDisposable
{
    // Counted up when the meaning of a key changes, so that no old result is taken for a new one.
    private const string Generation = "slipway-build-1";

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    internal CacheKey(string kind) => Add(Generation).Add(kind);

    internal CacheKey Add(ReadOnlySpan<byte> field)
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, field.Length);
        _hash.AppendData(length);
        _hash.AppendData(field);
        return this;
    }

    internal CacheKey Add(string? field) => Add(Encoding.UTF8.GetBytes(field ?? "\0"));

    internal CacheKey Add(bool field) => Add(field ? "1" : "0");

    internal CacheKey Add(long field) => Add(field.ToString(System.Globalization.CultureInfo.InvariantCulture));

    internal CacheKey Add(IEnumerable<string> fields)
    {
        var all = fields.ToList();
        Add(all.Count);
        all.ForEach(field => Add(field));
        return this;
    }

    /// <summary>The key: 64 hexadecimal digits.</summary>
    internal string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();
}
