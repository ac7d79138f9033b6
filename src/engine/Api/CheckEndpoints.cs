using System.Text.Json.Serialization;
using Slipway.Api.Routing;
using Slipway.Distribution;

namespace Slipway.Api;

/// <summary><c>POST /slipway/check</c>: verifies all content; <c>repair=1</c> heals what a registry has.</summary>
internal static class CheckEndpoints
{
    internal static void Map(RouteTable routes, Registries registries) => routes.Post("/slipway/check", async call =>
    {
        await using var client = call.WatchClient();
        await call.JsonAsync(await registries.RepairContent.RunAsync(call.Query.Flag("repair"), client.Gone), CheckJson.Default.CheckedDamages);
    });
}

/// <summary>Its JSON.</summary>
[JsonSerializable(typeof(IReadOnlyList<CheckedDamage>), TypeInfoPropertyName = "CheckedDamages")]
internal sealed partial class CheckJson : JsonSerializerContext;
