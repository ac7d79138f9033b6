using Slipway.Cli.Output;
using Slipway.Client;
using Slipway.Compose;
using Slipway.Compose.Actions;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>Where images of an application come from: registries, with the client's credentials, and the engine's builder.</summary>
internal static class ComposeImages
{
    public static ImageSources Sources(ComposeCall compose, bool quiet) => new(
        (name, platform, _) => PullAsync(compose, name, platform ?? ""),
        (project, service, name, _) => ComposeBuild.BuildAsync(compose, project, service, name, new BuildChoices { Quiet = quiet }));

    private static async Task PullAsync(ComposeCall compose, string name, string platform)
    {
        try
        {
            await using Stream answer = await RegistryVerbs.OpenPullAsync(compose.Call, name, platform);
            await FollowAsync(compose, answer, name, "Pulling");
        }
        catch (Exception e) when (e is CommandException or EngineApiException)
        {
            throw new ComposeException((e is EngineApiException ? "Error response from daemon: " : "") + e.Message) { Cause = FailureCause.Pull };
        }
    }

    /// <summary>Pushes one tag, <c>latest</c> where none is named.</summary>
    public static async Task PushAsync(ComposeCall compose, string name)
    {
        (string repository, string tag) = ImageName.Split(name);
        await using Stream answer = await RegistryVerbs.OpenPushAsync(compose.Call, repository, tag.Length > 0 ? tag : "latest", "");
        await FollowAsync(compose, answer, name, "Pushing");
    }

    // How far it is, where lines change in place; elsewhere it would fill the log.
    private static Task FollowAsync(ComposeCall compose, Stream answer, string name, string doing)
    {
        LayerTotals totals = new();
        string shown = "";
        return ProgressDisplay.FollowAsync(answer, message =>
        {
            if (compose.Display.Live && totals.Add(message) is { } sum && sum != shown)
            {
                shown = sum;
                compose.Display.Show(new Progress("Image", name, $"{doing} {sum}", ProgressState.Working));
            }
        });
    }
}
