using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Slipway.Oci;

/// <summary>
/// Names content by its hash: <c>sha256:…</c> or <c>sha512:…</c> with lower-case hex of exact length
/// (OCI image-spec, descriptor.md). A value can only be made valid; <c>default</c> throws when it is used.
/// </summary>
[JsonConverter(typeof(DigestConverter))]
public readonly record struct Digest
{
    private const string Sha256Prefix = "sha256:";
    private const string Sha512Prefix = "sha512:";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private readonly string? _text;

    /// <summary>Makes a digest of its text.</summary>
    /// <exception cref="FormatException">The text is no valid digest.</exception>
    public Digest(string text)
    {
        if (!IsValid(text))
        {
            throw new FormatException($"invalid digest \"{(text is { Length: > 160 } ? text[..160] : text)}\"");
        }

        _text = text;
    }

    /// <summary><c>sha256</c> or <c>sha512</c>.</summary>
    public string Algorithm => Text[..6];

    /// <summary>The hash in lower-case hex.</summary>
    public string Hex => Text[7..];

    /// <summary>The first twelve hex digits, as shown to people.</summary>
    public string Short => Text.Substring(7, 12);

    /// <summary>Whether this is <c>default</c>, which names nothing.</summary>
    public bool IsDefault => _text is null;

    private string Text => _text ?? throw new InvalidOperationException("an uninitialized digest was used");

    /// <summary>Names a SHA-256 hash of 32 bytes.</summary>
    public static Digest FromSha256(ReadOnlySpan<byte> hash) => new(Sha256Prefix + Convert.ToHexStringLower(hash));

    /// <summary>Hashes content with SHA-256 and names it.</summary>
    public static Digest Of(ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[32];
        System.Security.Cryptography.SHA256.HashData(content, hash);
        return FromSha256(hash);
    }

    /// <summary>Reads a digest.</summary>
    /// <returns>False when the text is no valid digest.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        var valid = IsValid(text);
        digest = valid ? new Digest(text!) : default;
        return valid;
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static bool IsValid(string? text)
    {
        if (text is null)
        {
            return false;
        }

        var hex = text.StartsWith(Sha256Prefix, StringComparison.Ordinal) ? 64
            : text.StartsWith(Sha512Prefix, StringComparison.Ordinal) ? 128
            : -1;
        return hex > 0 && text.Length == hex + 7 && !text.AsSpan(7).ContainsAnyExcept(HexDigits);
    }
}

/// <summary>A digest as a JSON string.</summary>
public sealed class DigestConverter : JsonConverter<Digest>
{
    /// <inheritdoc/>
    public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && Digest.TryParse(reader.GetString(), out var digest)
            ? digest
            : throw new JsonException("invalid digest");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
