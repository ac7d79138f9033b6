using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Slipway.Oci;

/// <summary>How runtime-spec documents look as JSON: lower camel case, nulls left out.</summary>
[JsonSourceGenerationOptions(
    MaxDepth = 64,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RuntimeSpec))]
[JsonSerializable(typeof(ProcessSpec))]
[JsonSerializable(typeof(ResourcesSpec))]
[JsonSerializable(typeof(SeccompSpec))]
public sealed partial class RuntimeJson : JsonSerializerContext
{
    /// <summary>Compact, only what JSON requires escaped.</summary>
    public static RuntimeJson Canonical => field ??= new(new JsonSerializerOptions(Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = null,
    });
}
