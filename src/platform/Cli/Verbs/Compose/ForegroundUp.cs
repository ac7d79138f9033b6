using Slipway.Compose.Actions;
using Slipway.Compose.Model;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>up</c> in the foreground.</summary>
internal static class ForegroundUp
{
    public static async Task<int> RunAsync(ComposeCall compose, Project project, Up up)
    {
        _ = (compose, project);
        await up.RunAsync(CancellationToken.None);
        return 0;
    }
}
