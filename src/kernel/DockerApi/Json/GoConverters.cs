using System.Text.Json;
using System.Text.Json.Serialization;

namespace Slipway.DockerApi;

// Go leaves a field at its zero value when the document says null. Clients rely on that, so these converters read
// null as zero. Numbers are also read from numeric strings, which some clients send.

/// <summary>A string; null reads as empty, as in Go.</summary>
public sealed class GoStringConverter : JsonConverter<string>
{
    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override string Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString()!,
            JsonTokenType.Null => "",
            _ => throw new JsonException("expected a string"),
        };

    /// <inheritdoc/>
    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString()!;

    /// <inheritdoc/>
    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value);
}

/// <summary>A truth value; null reads as false, as in Go.</summary>
public sealed class GoBooleanConverter : JsonConverter<bool>
{
    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override bool Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType switch
        {
            JsonTokenType.True => true,
            JsonTokenType.False or JsonTokenType.Null => false,
            _ => throw new JsonException("expected true or false"),
        };

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, bool value, JsonSerializerOptions options) =>
        writer.WriteBooleanValue(value);
}

/// <summary>A whole number of any width; null reads as zero and a numeric string as its number.</summary>
/// <typeparam name="T">The number's type.</typeparam>
public abstract class GoIntegerConverter<T> : JsonConverter<T>
    where T : struct, System.Numerics.IBinaryInteger<T>
{
    private const int MaxDigits = 24;

    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return T.Zero;
        }

        if (reader.TokenType is not (JsonTokenType.Number or JsonTokenType.String)
            || reader.ValueIsEscaped || (reader.HasValueSequence && reader.ValueSequence.Length > MaxDigits))
        {
            throw new JsonException("expected a whole number");
        }

        Span<byte> copy = stackalloc byte[MaxDigits];
        var digits = reader.HasValueSequence ? copy[..reader.CopyString(copy)] : reader.ValueSpan;
        return T.TryParse(digits, System.Globalization.NumberStyles.AllowLeadingSign, null, out var value)
            ? value
            : throw new JsonException("expected a whole number in range");
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        Span<byte> digits = stackalloc byte[MaxDigits];
        value.TryFormat(digits, out var written, default, null);
        writer.WriteRawValue(digits[..written], skipInputValidation: true);
    }
}

/// <summary>Reads int as Go does.</summary>
public sealed class GoInt32Converter : GoIntegerConverter<int>;

/// <summary>Reads long as Go does.</summary>
public sealed class GoInt64Converter : GoIntegerConverter<long>;

/// <summary>Reads ushort as Go does.</summary>
public sealed class GoUInt16Converter : GoIntegerConverter<ushort>;

/// <summary>Reads uint as Go does.</summary>
public sealed class GoUInt32Converter : GoIntegerConverter<uint>;

/// <summary>Reads ulong as Go does.</summary>
public sealed class GoUInt64Converter : GoIntegerConverter<ulong>;
