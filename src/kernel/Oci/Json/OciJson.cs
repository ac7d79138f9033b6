using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Slipway.Oci;

/// <summary>How OCI documents look as JSON; <see cref="Canonical"/> is for writing.</summary>
[JsonSourceGenerationOptions(MaxDepth = 64, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Descriptor))]
[JsonSerializable(typeof(Manifest))]
[JsonSerializable(typeof(Index))]
[JsonSerializable(typeof(ImageConfig))]
[JsonSerializable(typeof(ExecutionConfig))]
[JsonSerializable(typeof(Platform))]
[JsonSerializable(typeof(ImageLayout))]
[JsonSerializable(typeof(IReadOnlyList<ArchiveEntry>), TypeInfoPropertyName = "ArchiveEntries")]
[JsonSerializable(typeof(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>), TypeInfoPropertyName = "ArchiveRepositories")]
public sealed partial class OciJson : JsonSerializerContext
{
    /// <summary>Compact, only what JSON requires escaped, nulls left out: the same value gives the same bytes.</summary>
    public static OciJson Canonical => field ??= new(new JsonSerializerOptions(Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = null,
    });
}
