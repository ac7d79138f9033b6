using System.Text.Json.Serialization;
using Slipway.Platform.Model;

namespace Slipway.Platform.Store;

/// <summary>How objects are written into the database.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    IgnoreReadOnlyProperties = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Server))]
[JsonSerializable(typeof(Project))]
[JsonSerializable(typeof(AppEnvironment))]
[JsonSerializable(typeof(App))]
[JsonSerializable(typeof(Release))]
[JsonSerializable(typeof(Deployment))]
[JsonSerializable(typeof(AccessToken))]
[JsonSerializable(typeof(AuditEntry))]
internal sealed partial class StoreJson : JsonSerializerContext;
