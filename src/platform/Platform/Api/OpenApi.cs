using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.Metadata;
using Slipway.Platform.Model;

namespace Slipway.Platform.Api;

/// <summary>Describes the API as OpenAPI 3.1, from the routes that are mapped: what is not true of them cannot be in it.</summary>
internal static partial class OpenApi
{
    internal static string Write(EndpointDataSource endpoints)
    {
        JsonObject paths = [];
        foreach (var endpoint in endpoints.Endpoints.OfType<RouteEndpoint>().Where(endpoint => endpoint.Metadata.GetMetadata<IEndpointSummaryMetadata>() is not null)
            .OrderBy(endpoint => endpoint.RoutePattern.RawText, StringComparer.Ordinal))
        {
            var path = "/" + endpoint.RoutePattern.RawText!.Trim('/');
            foreach (var method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods)
            {
                var item = paths[path] as JsonObject;
                if (item is null)
                {
                    paths[path] = item = [];
                }

                item[method.ToLowerInvariant()] = Operation(endpoint, path, method);
            }
        }

        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "Slipway", ["version"] = typeof(OpenApi).Assembly.GetName().Version?.ToString(3) ?? "0", ["description"] = "From source to running. Errors are problem details (RFC 9457)." },
            ["paths"] = paths,
            ["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() }),
            ["components"] = new JsonObject { ["securitySchemes"] = new JsonObject { ["token"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer" } } },
        }.ToJsonString();
    }

    private static JsonObject Operation(RouteEndpoint endpoint, string path, string method)
    {
        JsonArray parameters = [.. Parameter().Matches(path).Select(match => (JsonNode)new JsonObject
        {
            ["name"] = match.Groups[1].Value, ["in"] = "path", ["required"] = true, ["schema"] = new JsonObject { ["type"] = "string" },
        })];
        var operation = new JsonObject
        {
            ["operationId"] = method.ToLowerInvariant() + Word().Replace(path, match => char.ToUpperInvariant(match.Groups[1].Value[0]) + match.Groups[1].Value[1..]).Replace("}", "", StringComparison.Ordinal),
            ["summary"] = endpoint.Metadata.GetMetadata<IEndpointSummaryMetadata>()!.Summary,
            ["parameters"] = parameters,
            ["responses"] = Responses(endpoint),
        };
        if (endpoint.Metadata.OfType<Abilities>().Cast<Abilities?>().FirstOrDefault() is { } ability)
        {
            operation["description"] = $"Needs the ability {ability}.";
        }

        if (endpoint.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is { } type && Schema(type) is { } schema)
        {
            operation["requestBody"] = new JsonObject { ["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = schema } } };
        }

        return operation;
    }

    private static JsonObject Responses(RouteEndpoint endpoint)
    {
        JsonObject responses = new() { ["default"] = new JsonObject { ["description"] = "A problem", ["content"] = new JsonObject { ["application/problem+json"] = new JsonObject { ["schema"] = Schema(typeof(Problem)) } } } };
        var type = endpoint.Metadata.OfType<IProducesResponseTypeMetadata>().FirstOrDefault()?.Type;
        var success = new JsonObject { ["description"] = "Done" };
        if (type is not null && Schema(type) is { } schema)
        {
            success["content"] = new JsonObject { ["application/json"] = new JsonObject { ["schema"] = schema } };
        }

        responses["2XX"] = success;
        return responses;
    }

    private static JsonNode? Schema(Type type) => ApiJson.Default.GetTypeInfo(type)?.GetJsonSchemaAsNode();

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"[/{\-.]+(\w+)")]
    private static partial Regex Word();
}
