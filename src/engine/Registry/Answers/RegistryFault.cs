using System.Text.Json.Serialization;

namespace Slipway.Registry.Answers;

/// <summary>A refusal in the words of distribution-spec, error codes.</summary>
internal sealed class RegistryFault(int status, string code, string message, string? detail = null) : Exception(message)
{
    internal int Status { get; } = status;

    internal string Code { get; } = code;

    internal string? Detail { get; } = detail;

    internal static RegistryFault NameInvalid(string name) => new(400, "NAME_INVALID", "invalid repository name", Shown(name));

    internal static RegistryFault DigestInvalid(string message) => new(400, "DIGEST_INVALID", message);

    internal static RegistryFault BlobUnknown(string digest) => new(404, "BLOB_UNKNOWN", "blob unknown to registry", digest);

    internal static RegistryFault ManifestUnknown(string reference) => new(404, "MANIFEST_UNKNOWN", "manifest unknown", Shown(reference));

    internal static RegistryFault NameUnknown(string name) => new(404, "NAME_UNKNOWN", "repository name not known to registry", Shown(name));

    internal static RegistryFault UploadUnknown() => new(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry");

    internal static RegistryFault UploadInvalid(string message) => new(400, "BLOB_UPLOAD_INVALID", message);

    internal static RegistryFault Range(string message) => new(416, "BLOB_UPLOAD_INVALID", message);

    internal static RegistryFault ManifestInvalid(string message) => new(400, "MANIFEST_INVALID", message);

    internal static RegistryFault Unsupported(string message, int status = 405) => new(status, "UNSUPPORTED", message);

    private static string Shown(string text) => text.Length > 300 ? text[..300] : text;
}

/// <summary><c>errors</c> of a refusal.</summary>
internal sealed record ErrorList(IReadOnlyList<ErrorEntry> Errors);

/// <summary>One error.</summary>
internal sealed record ErrorEntry(string Code, string Message, string? Detail);

/// <summary>Tags of a repository.</summary>
internal sealed record TagList(string Name, IReadOnlyList<string> Tags);

/// <summary>Names of repositories.</summary>
internal sealed record Catalog(IReadOnlyList<string> Repositories);

/// <summary>What a search found, as Docker's first registry told it.</summary>
internal sealed record SearchAnswer([property: JsonPropertyName("num_results")] int Count, string Query, IReadOnlyList<DockerApi.ImageSearchResult> Results);

/// <summary>A token, under both of its names.</summary>
internal sealed record TokenAnswer(
    string Token, [property: JsonPropertyName("access_token")] string AccessToken, [property: JsonPropertyName("expires_in")] int ExpiresIn, [property: JsonPropertyName("issued_at")] DateTimeOffset IssuedAt);

/// <summary>What a token says.</summary>
internal sealed record TokenContent(string User, long Expires, IReadOnlyList<TokenScope> Scopes);

/// <summary>What a token is good for.</summary>
internal sealed record TokenScope(string Repository, IReadOnlyList<string> Actions);

/// <summary>A repository as administrators see it.</summary>
internal sealed record RepositoryInfo(string Name, bool Public, int Tags, int Manifests, int Blobs, long Size, long Quota);

/// <summary>Settings of a repository that can be changed; null leaves them.</summary>
internal sealed record RepositoryChange(bool? Public, long? Quota);

/// <summary>A user to be made or changed.</summary>
internal sealed record UserChange(string Name, string? Password);

/// <summary>A user.</summary>
internal sealed record UserInfo(string Name);

/// <summary>What a collection did.</summary>
internal sealed record CollectedInfo(int Tags, int Blobs, long Bytes);

/// <summary>One line of the audit log.</summary>
internal sealed record AuditLine(DateTimeOffset Time, string User, string Remote, string Action, string? Repository, string? Object, int Status);

/// <summary>The registry's JSON.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 16)]
[JsonSerializable(typeof(ErrorList))]
[JsonSerializable(typeof(TagList))]
[JsonSerializable(typeof(Catalog))]
[JsonSerializable(typeof(SearchAnswer))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(TokenContent))]
[JsonSerializable(typeof(IReadOnlyList<RepositoryInfo>), TypeInfoPropertyName = "RepositoryInfos")]
[JsonSerializable(typeof(RepositoryChange))]
[JsonSerializable(typeof(UserChange))]
[JsonSerializable(typeof(IReadOnlyList<UserInfo>), TypeInfoPropertyName = "UserInfos")]
[JsonSerializable(typeof(IReadOnlyList<Slipway.Engine.Repositories.Grant>), TypeInfoPropertyName = "Grants")]
[JsonSerializable(typeof(CollectedInfo))]
[JsonSerializable(typeof(AuditLine))]
internal sealed partial class RegistryJson : JsonSerializerContext;
