using Microsoft.Extensions.Logging;
using Slipway.Engine;
using Slipway.Registry.Access;
using Slipway.Registry.Endpoints;

namespace Slipway.Registry;

/// <summary>The registry's parts, wired once.</summary>
internal sealed class RegistryRooms : IAsyncDisposable
{
    private readonly UsersFile? _users;
    private readonly BlobEndpoints _blobs;
    private readonly UploadEndpoints _uploads;
    private readonly ManifestEndpoints _manifests;

    internal RegistryRooms(SlipwayEngine engine, RegistryOptions options, ILogger log)
    {
        _users = options.UsersFile is { } file ? new UsersFile(file, engine.Time) : null;
        var tokens = new TokenIssuer(engine.Time);
        Access = new AccessRules(engine, options, _users, tokens);
        Tokens = new TokenEndpoint(Access, tokens, engine.Time);
        Metrics = new RegistryMetrics(engine);
        Audit = options.AuditFile is { } audit ? new AuditLog(audit, log) : null;
        Retention = new RetentionRules(engine, options.Retention);
        Admin = new AdminEndpoints(engine, _users, Retention);
        Lists = new ListEndpoints(engine, Access);
        _blobs = new BlobEndpoints(engine);
        _uploads = new UploadEndpoints(engine, Access, options);
        _manifests = new ManifestEndpoints(engine);
    }

    internal AccessRules Access { get; }

    internal TokenEndpoint Tokens { get; }

    internal RegistryMetrics Metrics { get; }

    internal AuditLog? Audit { get; }

    internal RetentionRules Retention { get; }

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

    public async ValueTask DisposeAsync()
    {
        if (Audit is { } audit)
        {
            await audit.DisposeAsync();
        }

        _users?.Dispose();
    }
}
