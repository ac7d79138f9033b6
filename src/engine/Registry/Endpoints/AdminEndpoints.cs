using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Slipway.Engine;
using Slipway.Engine.Repositories;
using Slipway.Registry.Access;
using Slipway.Registry.Answers;

namespace Slipway.Registry.Endpoints;

/// <summary>What the specification leaves to registries: settings, users, grants, collection. Below <c>/slipway/v1/</c>, for administrators.</summary>
internal sealed class AdminEndpoints(SlipwayEngine engine, UsersFile? users, Func<Task<CollectedInfo>> tidy)
{
    private const int MostBytes = 64 << 10;

    /// <summary>Answers a request; false when there is nothing at this address.</summary>
    internal async Task<bool> TryAsync(HttpContext http, string path)
    {
        var method = http.Request.Method;
        switch (path)
        {
            case "repositories" when method == "GET":
                await JsonAnswers.WriteAsync(http, 200, [.. engine.Repositories.All.Select(Describe)], RegistryJson.Default.RepositoryInfos);
                return true;
            case "grants" when method == "GET":
                await JsonAnswers.WriteAsync(http, 200, engine.Grants.All, RegistryJson.Default.Grants);
                return true;
            case "grants" when method == "PUT":
                await SetGrantsAsync(http);
                return true;
            case "users" when method == "GET":
                await JsonAnswers.WriteAsync(http, 200, [.. Users().Names.Select(name => new UserInfo(name))], RegistryJson.Default.UserInfos);
                return true;
            case "users" when method == "PUT":
                await SetUserAsync(http);
                return true;
            case "gc" when method == "POST":
                await JsonAnswers.WriteAsync(http, 200, await tidy(), RegistryJson.Default.CollectedInfo);
                return true;
            default:
                return path.StartsWith("repositories/", StringComparison.Ordinal) && await RepositoryAsync(http, path["repositories/".Length..]);
        }
    }

    private async Task<bool> RepositoryAsync(HttpContext http, string name)
    {
        if (!RepositoryNames.IsName(name))
        {
            throw RegistryFault.NameInvalid(name);
        }

        switch (http.Request.Method)
        {
            case "PUT":
                var change = await ReadAsync(http, RegistryJson.Default.RepositoryChange);
                await engine.Repositories.ConfigureAsync(name, record => record with { Public = change.Public ?? record.Public, Quota = Math.Max(0, change.Quota ?? record.Quota) });
                http.Response.StatusCode = 204;
                return true;
            case "DELETE":
                http.Response.StatusCode = await engine.Repositories.RemoveAsync(name) ? 204 : throw RegistryFault.NameUnknown(name);
                return true;
            default:
                return false;
        }
    }

    private async Task SetUserAsync(HttpContext http)
    {
        var change = await ReadAsync(http, RegistryJson.Default.UserChange);
        http.Response.StatusCode = await Users().SetAsync(change.Name ?? "", change.Password) ? 204 : throw new RegistryFault(404, "NAME_UNKNOWN", "there is no such user");
        if (change.Password is null)
        {
            foreach (var grant in engine.Grants.All.Where(grant => grant.User == change.Name))
            {
                await engine.Grants.SetAsync(grant with { Actions = [] });
            }
        }
    }

    private async Task SetGrantsAsync(HttpContext http)
    {
        foreach (var grant in await ReadAsync(http, RegistryJson.Default.Grants))
        {
            await engine.Grants.SetAsync(grant);
        }

        http.Response.StatusCode = 204;
    }

    private UsersFile Users() => users ?? throw RegistryFault.Unsupported("this registry has no users: start slipwayd with --registry-htpasswd", 400);

    private static RepositoryInfo Describe(Repository repository) =>
        new(repository.Name, repository.Record.Public, repository.Tags().Count, repository.Manifests.Count, repository.Links.Count, repository.Size, repository.Record.Quota);

    private static async Task<T> ReadAsync<T>(HttpContext http, JsonTypeInfo<T> type)
        where T : class
    {
        var body = http.Request.BodyReader;
        while (true)
        {
            var read = await body.ReadAsync(http.RequestAborted);
            if (read.Buffer.Length > MostBytes)
            {
                throw new RegistryFault(413, "SIZE_INVALID", "the request is too large");
            }

            if (read.IsCompleted)
            {
                try
                {
                    return JsonSerializer.Deserialize(read.Buffer.ToArray(), type) ?? throw RegistryFault.Unsupported("the request is empty", 400);
                }
                catch (JsonException e)
                {
                    throw RegistryFault.Unsupported($"the request is not what was expected: {e.Message}", 400);
                }
                finally
                {
                    body.AdvanceTo(read.Buffer.End);
                }
            }

            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
