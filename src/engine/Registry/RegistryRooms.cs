using Microsoft.Extensions.Logging;
using Slipway.Engine;
using Slipway.Registry.Access;
using Slipway.Registry.Answers;
using Slipway.Registry.Endpoints;

namespace Slipway.Registry;

/// <summary>The registry's parts, wired once.</summary>
internal sealed class RegistryRooms : IAsyncDisposable
{
    private readonly SlipwayEngine _engine;
    private readonly RetentionRules _retention;
    private readonly UsersFile? _users;
    private readonly BlobEndpoints _blobs;
    private readonly UploadEndpoints _uploads;
    private readonly ManifestEndpoints _manifests;

    internal RegistryRooms(SlipwayEngine engine, RegistryOptions options, ILogger log)
    {
        _users = options.UsersFile is { } file ? new UsersFile(file, engine.Time) : null;
        var tokens = new TokenIssuer(engine.Time);
        Copies = options.Copies;
        Access = new AccessRules(engine, options, _users, tokens);
        Tokens = new TokenEndpoint(Access, Copies, tokens, engine.Time);
        Metrics = new RegistryMetrics(engine);
        Audit = options.AuditFile is { } audit ? new AuditLog(audit, log) : null;
        (_engine, _retention) = (engine, new RetentionRules(engine, options.Retention));
        Admin = new AdminEndpoints(engine, _users, TidyAsync);
        Lists = new ListEndpoints(engine, Access, Copies);
        _blobs = new BlobEndpoints(engine, Copies);
        _uploads = new UploadEndpoints(engine, Access, options);
        _manifests = new ManifestEndpoints(engine, Copies);
    }

    internal PullThrough? Copies { get; }

    internal AccessRules Access { get; }

    internal TokenEndpoint Tokens { get; }

    internal RegistryMetrics Metrics { get; }

    internal AuditLog? Audit { get; }

    internal AdminEndpoints Admin { get; }

    internal ListEndpoints Lists { get; }

    /// <summary>Answers a request about a repository, which the caller may send.</summary>
    internal Task AnswerAsync(Noun noun, RegistryCall call) => (noun, call.Request.Method) switch
    {
        (Noun.Tags, _) => Lists.TagsAsync(call),
        (Noun.Referrers, _) => Lists.ReferrersAsync(call),
        (Noun.Manifest, "PUT") => _manifests.WriteAsync(call),
        (Noun.Manifest, "DELETE") => _manifests.DeleteAsync(call),
        (Noun.Manifest, _) => _manifests.ReadAsync(call),
        (Noun.Blob, "DELETE") => _blobs.DeleteAsync(call),
        (Noun.Blob, _) => _blobs.ReadAsync(call),
        (Noun.Uploads, _) => _uploads.BeginAsync(call),
        (_, "PATCH") => _uploads.AppendAsync(call),
        (_, "PUT") => _uploads.CompleteAsync(call),
        (_, "DELETE") => _uploads.CancelAsync(call),
        _ => _uploads.StatusAsync(call),
    };

    /// <summary>Applies what the operator wants kept, and frees the rest.</summary>
    internal async Task<CollectedInfo> TidyAsync()
    {
        var tags = await _retention.ApplyAsync();
        var copies = Copies is { } all ? await _engine.TrimCopies.RunAsync(all.IsCopy, all.MostBytes, _engine.Time.GetUtcNow()) : 0;
        var collected = await _engine.CollectRepositories.RunAsync();
        return new CollectedInfo(tags, collected.Blobs + copies, collected.Bytes);
    }

    /// <summary>Keeps copies of other registries within their bound.</summary>
    internal async Task TrimAsync()
    {
        if (Copies is { MostBytes: > 0 } copies && await _engine.TrimCopies.RunAsync(copies.IsCopy, copies.MostBytes, _engine.Time.GetUtcNow()) > 0)
        {
            await _engine.CollectRepositories.RunAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Audit is { } audit)
        {
            await audit.DisposeAsync();
        }

        _users?.Dispose();
    }
}
