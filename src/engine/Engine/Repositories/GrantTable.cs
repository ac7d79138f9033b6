using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.Engine.State;

namespace Slipway.Engine.Repositories;

/// <summary>What users of the registry may do, in memory and as rows.</summary>
public sealed class GrantTable(StateStore state, ILogger log)
{
    /// <summary>Every action that can be granted.</summary>
    public static readonly IReadOnlyList<string> Actions = ["pull", "push", "delete", "admin"];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Grant> _grants = new(StringComparer.Ordinal);

    /// <summary>Every grant.</summary>
    public IReadOnlyList<Grant> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _grants.Values.OrderBy(Key, StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>The user of grants that are for everybody, whoever he is.</summary>
    public const string Everybody = "*";

    /// <summary>Whether a user was granted an action. Everybody has all rights below his own name; <c>admin</c> of <c>*</c> has all.</summary>
    public bool Allows(string user, string repository, string action)
    {
        if (action != "admin" && repository.StartsWith(user + "/", StringComparison.Ordinal))
        {
            return true;
        }

        lock (_lock)
        {
            return _grants.Values.Any(grant => (grant.User == user || grant.User == Everybody) && Covers(grant.Repository, repository) && (grant.Actions.Contains(action) || grant.Actions.Contains("admin")));
        }
    }

    /// <summary>Sets what a user may do in a repository or below a prefix; nothing takes the grant away.</summary>
    /// <exception cref="EngineException">InvalidArgument.</exception>
    public async Task SetAsync(Grant grant)
    {
        if (grant.Actions.Except(Actions).FirstOrDefault() is { } odd)
        {
            throw EngineException.Invalid($"unknown action \"{odd}\": there are {string.Join(", ", Actions)}");
        }

        if (grant.User == Everybody && grant.Actions.Any(action => action != "pull"))
        {
            throw EngineException.Invalid("everybody (*) may be granted pull only");
        }

        var pattern = grant.Repository;
        if (pattern != "*" && !RepositoryNames.IsName(pattern.EndsWith("/*", StringComparison.Ordinal) ? pattern[..^2] : pattern))
        {
            throw EngineException.Invalid($"\"{pattern}\" is no repository, no prefix/* and not *");
        }

        await state.CommitAsync(new StateChange(StateRoom.RegistryGrants, Key(grant), grant.Actions.Count == 0 ? null : JsonSerializer.SerializeToUtf8Bytes(grant, RepositoryJson.Default.Grant))).ConfigureAwait(false);
        lock (_lock)
        {
            if (grant.Actions.Count == 0)
            {
                _grants.Remove(Key(grant));
            }
            else
            {
                _grants[Key(grant)] = grant;
            }
        }
    }

    internal void Load()
    {
        foreach (var (key, json) in state.Load(StateRoom.RegistryGrants))
        {
            try
            {
                _grants[key] = JsonSerializer.Deserialize(json, RepositoryJson.Default.Grant)!;
            }
            catch (JsonException e)
            {
                log.LogError("the grant {Key} is unreadable and does not count: {Reason}", key, e.Message);
                state.ReportUnreadable($"grant {key}", e.Message);
            }
        }
    }

    private static string Key(Grant grant) => $"{grant.User} {grant.Repository}";

    private static bool Covers(string pattern, string repository) =>
        pattern == "*" || pattern == repository || (pattern.EndsWith("/*", StringComparison.Ordinal) && repository.StartsWith(pattern[..^1], StringComparison.Ordinal));
}
