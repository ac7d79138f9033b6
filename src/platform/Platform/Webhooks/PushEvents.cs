using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Slipway.Platform.Access;
using Slipway.Platform.Deploys;
using Slipway.Platform.Model;
using Slipway.Platform.Secrets;
using Slipway.Platform.Sources;
using Slipway.Platform.Store;

namespace Slipway.Platform.Webhooks;

/// <summary>
/// Takes events of git hosts. Which applications an event is for is decided by whose secret signed it: every application's is tried, so that
/// neither an answer nor its time tells what exists.
/// </summary>
public sealed class PushEvents(PlatformStore store, SecretBox secrets, DeployQueue queue, TimeProvider time)
{
    private const int Remembered = 10_000;
    private static readonly string[] s_skips = ["[skip ci]", "[skip cd]", "[ci skip]", "[cd skip]"];
    private readonly ConcurrentDictionary<string, DateTimeOffset> _seen = new(StringComparer.Ordinal);

    /// <summary>Handles an event.</summary>
    /// <param name="host"><c>github</c>, <c>gitlab</c>, <c>gitea</c> or <c>bitbucket</c>.</param>
    /// <param name="headers">Its headers.</param>
    /// <param name="body">Its body.</param>
    /// <returns>What was done per application that it was signed for; null when it was signed for none.</returns>
    internal IReadOnlyDictionary<string, string>? Handle(string host, IHeaderDictionary headers, byte[] body)
    {
        var signed = store.Apps.All.Where(app => Signatures.Fit(host, headers, body, secrets.Reveal(app.SealedWebhookSecret))).ToList();
        if (signed.Count == 0)
        {
            return null;
        }

        if (!Signatures.IsPush(host, headers))
        {
            return signed.ToDictionary(app => app.Name, _ => "This event does not deploy.");
        }

        IReadOnlyList<PushEvent> pushes;
        try
        {
            pushes = PushEvent.Read(host, Document(headers, body));
        }
        catch (JsonException e)
        {
            throw new PlatformException(Refusal.Invalid, "the event is no JSON", e);
        }

        var repeated = !_seen.TryAdd(Signatures.Delivery(host, body), time.GetUtcNow());
        Forget();
        return signed.ToDictionary(app => app.Name, app => repeated ? "This event was handled already." : Deploy(app, host, pushes.FirstOrDefault(push => push.Branch == app.Source.Branch) ?? pushes[0]));
    }

    // GitHub's usual form of a webhook has the document in a field of a form; what is signed is the body as it is.
    private static byte[] Document(IHeaderDictionary headers, byte[] body)
    {
        const string Field = "payload=";
        var text = headers.ContentType.ToString().StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) ? Encoding.UTF8.GetString(body) : "";
        return text.Split('&').FirstOrDefault(part => part.StartsWith(Field, StringComparison.Ordinal)) is { } field ? Encoding.UTF8.GetBytes(System.Net.WebUtility.UrlDecode(field[Field.Length..])) : body;
    }

    private string Deploy(App app, string host, PushEvent push)
    {
        if (app.Source.Kind != SourceKind.Git || !push.Repositories.Any(url => SameRepository(app, url)))
        {
            return "The event is of another repository.";
        }

        if (push.Branch is null || push.Branch != app.Source.Branch)
        {
            return "The event is of another branch.";
        }

        if (!app.Source.AutoDeploy || app.Pinned)
        {
            return app.Pinned ? "The application was rolled back; deploy it by hand to go on." : "Automatic deployment is off.";
        }

        if (s_skips.Any(skip => push.Message.Contains(skip, StringComparison.OrdinalIgnoreCase)))
        {
            return "The commit's message skips the deployment.";
        }

        if (push.Files is { } files && !WatchPaths.Match(app.Source.WatchPaths, files))
        {
            return "Changed files do not match watch paths. Ignoring deployment.";
        }

        var deployment = queue.Enqueue(new Caller("webhook:" + host, Abilities.Deploy), new DeployRequest(app, DeploymentKind.Deploy) { Trigger = "webhook" });
        return $"Deployment {deployment.Number} is queued.";
    }

    private static bool SameRepository(App app, string url)
    {
        try
        {
            return GitUrl.Parse(url).Means(GitUrl.Parse(app.Source.Repository ?? ""));
        }
        catch (PlatformException)
        {
            return false;
        }
    }

    private void Forget()
    {
        if (_seen.Count > Remembered)
        {
            foreach (var old in _seen.OrderBy(entry => entry.Value).Take(Remembered / 2))
            {
                _seen.TryRemove(old);
            }
        }
    }
}
