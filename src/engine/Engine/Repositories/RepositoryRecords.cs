using System.Text.Json.Serialization;
using Slipway.Oci;

namespace Slipway.Engine.Repositories;

/// <summary>The row of a repository.</summary>
public sealed record RepositoryRecord
{
    /// <summary>Its name inside the registry, such as <c>team/app</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Whether everybody may pull.</summary>
    public bool Public { get; init; }

    /// <summary>When it came to be.</summary>
    public DateTimeOffset Created { get; init; }

    /// <summary>Bytes that its blobs may take; 0 for the registry's bound.</summary>
    public long Quota { get; init; }
}

/// <summary>The row of a blob's link: the repository has the blob, whoever else has it.</summary>
public sealed record BlobLink
{
    /// <summary>The repository.</summary>
    public required string Repository { get; init; }

    /// <summary>The blob.</summary>
    public required Digest Digest { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }
}

/// <summary>The row of a manifest or index in a repository.</summary>
public sealed record StoredManifest
{
    /// <summary>The repository.</summary>
    public required string Repository { get; init; }

    /// <summary>Digest of the document.</summary>
    public required Digest Digest { get; init; }

    /// <summary>Media type as it was pushed.</summary>
    public required string MediaType { get; init; }

    /// <summary>Bytes of the document.</summary>
    public required long Size { get; init; }

    /// <summary>Config and layers.</summary>
    public IReadOnlyList<Digest> Blobs { get => field ?? []; init; }

    /// <summary>Manifests of an index.</summary>
    public IReadOnlyList<Digest> Manifests { get => field ?? []; init; }

    /// <summary>The manifest this one speaks of, present or not.</summary>
    public Digest? Subject { get; init; }

    /// <summary>Type of the artifact, as referrers are listed with.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>Annotations, kept for referrers only.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>When it was pushed last.</summary>
    public DateTimeOffset Pushed { get; init; }

    /// <summary>Whether it is a copy of another registry's, whose content need not be here.</summary>
    public bool IsCopy { get; init; }
}

/// <summary>The row of a tag.</summary>
public sealed record TagRecord
{
    /// <summary>The repository.</summary>
    public required string Repository { get; init; }

    /// <summary>The tag.</summary>
    public required string Tag { get; init; }

    /// <summary>What it points at.</summary>
    public required Digest Digest { get; init; }

    /// <summary>When it was set.</summary>
    public DateTimeOffset Updated { get; init; }
}

/// <summary>The row of a grant: what a user may do in repositories.</summary>
public sealed record Grant
{
    /// <summary>The user.</summary>
    public required string User { get; init; }

    /// <summary>A repository, <c>prefix/*</c>, or <c>*</c>.</summary>
    public required string Repository { get; init; }

    /// <summary><c>pull</c>, <c>push</c>, <c>delete</c>, <c>admin</c>.</summary>
    public required IReadOnlyList<string> Actions { get => field ?? []; init; }
}

/// <summary>The registry's rows.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RepositoryRecord))]
[JsonSerializable(typeof(BlobLink))]
[JsonSerializable(typeof(StoredManifest))]
[JsonSerializable(typeof(TagRecord))]
[JsonSerializable(typeof(Grant))]
internal sealed partial class RepositoryJson : JsonSerializerContext;
