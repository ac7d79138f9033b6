using System.Text.Json.Serialization;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;

namespace Slipway.Platform.Api;

/// <summary>How the API reads and writes JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AppView))]
[JsonSerializable(typeof(IReadOnlyList<AppView>))]
[JsonSerializable(typeof(AppInput))]
[JsonSerializable(typeof(AppPatch))]
[JsonSerializable(typeof(BuildSettings))]
[JsonSerializable(typeof(RunSettings))]
[JsonSerializable(typeof(IReadOnlyList<ReleaseView>))]
[JsonSerializable(typeof(IReadOnlyList<VariableView>))]
[JsonSerializable(typeof(VariableInput))]
[JsonSerializable(typeof(IReadOnlyList<DomainInput>))]
[JsonSerializable(typeof(DeployInput))]
[JsonSerializable(typeof(ScaleInput))]
[JsonSerializable(typeof(ExecInput))]
[JsonSerializable(typeof(ExecView))]
[JsonSerializable(typeof(ExecOrder))]
[JsonSerializable(typeof(ExecControl))]
[JsonSerializable(typeof(ExecEnd))]
[JsonSerializable(typeof(TokenInput))]
[JsonSerializable(typeof(TokenView))]
[JsonSerializable(typeof(IReadOnlyList<TokenView>))]
[JsonSerializable(typeof(Server))]
[JsonSerializable(typeof(IReadOnlyList<Server>))]
[JsonSerializable(typeof(ServerCheck))]
[JsonSerializable(typeof(IReadOnlyList<Project>))]
[JsonSerializable(typeof(IReadOnlyList<AppEnvironment>))]
[JsonSerializable(typeof(Deployment))]
[JsonSerializable(typeof(IReadOnlyList<Deployment>))]
[JsonSerializable(typeof(IReadOnlyList<AuditEntry>))]
[JsonSerializable(typeof(LogLine))]
[JsonSerializable(typeof(WebhookView))]
[JsonSerializable(typeof(DeployKeyView))]
[JsonSerializable(typeof(RegistryLogin))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, IReadOnlyList<string>>))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(string))]
internal sealed partial class ApiJson : JsonSerializerContext;
