using System.Globalization;
using Slipway.Client;
using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;

namespace Slipway.Compose.Actions;

/// <summary>Runs a service's commands around its life inside of its container.</summary>
internal static class Hooks
{
    /// <exception cref="ComposeException">A command failed.</exception>
    public static async Task RunAsync(Work work, Service service, string id, string key, CancellationToken cancellation)
    {
        foreach (Mapping hook in service.Map.Items(key).OfType<Mapping>())
        {
            IdResponse exec = await work.Engine.CreateExecAsync(
                id,
                new ExecCreateRequest
                {
                    Cmd = hook.Texts("command"),
                    User = hook.Text("user") ?? "",
                    WorkingDir = hook.Text("working_dir") ?? "",
                    Privileged = hook.Flag("privileged"),
                    Env = ContainerRequest.Environment(hook.Map("environment")),
                    AttachStdout = true,
                    AttachStderr = true,
                },
                cancellation).ConfigureAwait(false);
            await using (HijackedStream stream = await work.Engine.StartExecAsync(exec.Id, new ExecStartRequest(), cancellation).ConfigureAwait(false))
            {
                await stream.CopyToAsync(Stream.Null, cancellation).ConfigureAwait(false);
            }

            int code = (await work.Engine.InspectExecAsync(exec.Id, cancellation).ConfigureAwait(false)).ExitCode ?? 0;
            if (code != 0)
            {
                throw new ComposeException(hook.At, $"{service.Path}.{key}", string.Create(CultureInfo.InvariantCulture, $"the command ended with code {code}")) { Cause = FailureCause.Hook };
            }
        }
    }
}
