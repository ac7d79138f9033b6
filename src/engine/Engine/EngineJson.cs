using System.Text.Json.Serialization;
using Slipway.Engine.Containers;

namespace Slipway.Engine;

/// <summary>The documents of the state database.</summary>
[JsonSourceGenerationOptions(
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ContainerRecord))]
internal sealed partial class EngineJson : JsonSerializerContext;
