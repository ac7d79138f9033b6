using System.Text.Json.Serialization;
using Slipway.Oci;

namespace Slipway.Engine.Steps;

/// <summary>What a build step once gave, by the key of everything that it depends on. The row's key in the store is <see cref="Key"/>.</summary>
public sealed record BuildCacheRow
{
    /// <summary>The key: 64 hexadecimal digits.</summary>
    public required string Key { get; init; }

    /// <summary>Set on a row that only leads to another: the same work under a key that is known before its content is.</summary>
    public string? Alias { get; init; }

    /// <summary>The stack after the step; null when that has no layers.</summary>
    public Digest? ChainId { get; init; }

    /// <summary>The layer that the step made; null when it changed nothing.</summary>
    public Digest? Layer { get; init; }

    /// <summary>Bytes of that layer, or of a cache mount's directory when it was last used.</summary>
    public long Size { get; init; }

    /// <summary><c>regular</c>, <c>source.local</c>, <c>exec.cachemount</c>… (Engine API, BuildCache).</summary>
    public string Type { get; init; } = "regular";

    /// <summary>What the step did, for people.</summary>
    public string Description { get; init; } = "";

    /// <summary>Keys of the steps it was made from.</summary>
    public IReadOnlyList<string> Parents { get => field ?? []; init; }

    /// <summary>When the step was run.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>When its result was last used; null when never.</summary>
    public DateTimeOffset? LastUsed { get; init; }

    /// <summary>How often its result was used.</summary>
    public int UsageCount { get; init; }

    /// <summary>For a cache mount: the directory that holds it, below the engine's directory of such.</summary>
    public string? Directory { get; init; }
}

/// <summary>JSON of the build cache rows.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 16)]
[JsonSerializable(typeof(BuildCacheRow))]
internal sealed partial class BuildCacheJson : JsonSerializerContext;
