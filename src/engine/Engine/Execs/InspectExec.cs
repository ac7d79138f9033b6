using Slipway.DockerApi;

namespace Slipway.Engine.Execs;

/// <summary><c>GET /exec/{id}/json</c>.</summary>
public sealed class InspectExec
{
    /// <summary>Describes an exec.</summary>
    public ExecInspect Run(Exec exec)
    {
        var request = exec.Request;
        var command = request.Cmd ?? [];
        return new ExecInspect
        {
            ID = exec.Id,
            Running = exec.Running,
            ExitCode = exec.ExitCode,
            ProcessConfig = new ProcessConfig
            {
                Tty = request.Tty,
                Entrypoint = command.Count > 0 ? command[0] : "",
                Arguments = [.. command.Skip(1)],
                Privileged = request.Privileged,
                User = request.User.Length > 0 ? request.User : null,
            },
            OpenStdin = request.AttachStdin,
            OpenStderr = request.AttachStderr,
            OpenStdout = request.AttachStdout,
            CanRemove = exec.ExitCode is not null,
            ContainerID = exec.Container.Id,
            DetachKeys = request.DetachKeys,
            Pid = exec.Pid,
        };
    }
}
