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
            await RegistryVerbs.PullAsync(compose.Call, name, platform, null);
        }
        catch (Exception e) when (e is CommandException or EngineApiException)
        {
            throw new ComposeException((e is EngineApiException ? "Error response from daemon: " : "") + e.Message) { Cause = FailureCause.Pull };
        }
    }
}
