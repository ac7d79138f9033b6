using Slipway.DockerApi;
using Slipway.Oci;

namespace Slipway.Engine.Containers.Spec;

/// <summary>Makes the process document of an exec in a running container.</summary>
public sealed class ExecSpecFactory(SpecFactory containers, EngineOptions options)
{
    /// <summary>Refuses execs without a command and with variables that mean nothing.</summary>
    public static void Validate(ExecCreateRequest request)
    {
        if (request.Cmd is not { Count: > 0 })
        {
            throw EngineException.Invalid("No exec command specified");
        }

        if (request.Cmd.Append(request.WorkingDir).Append(request.User).Any(text => text.Contains('\0', StringComparison.Ordinal)))
        {
            throw EngineException.Invalid("invalid argument: command, working directory and user must not contain NUL bytes");
        }

        ConfigRules.ValidateEnvironment(request.Env);
    }

    /// <summary>
    /// The process: in the container's environment with the exec's own over it, with the container's capabilities, or with all of
    /// ours when the exec is privileged.
    /// </summary>
    /// <param name="record">The container.</param>
    /// <param name="request">The exec.</param>
    /// <param name="user">Who it runs as, resolved in the container's root: the exec's user, or else the container's.</param>
    public ProcessSpec Create(ContainerRecord record, ExecCreateRequest request, ResolvedUser user)
    {
        var security = SecurityOptions.Parse(record.HostConfig, options);
        var env = new List<string>(ProcessEnvironment.Create(record.Config with { Tty = request.Tty }));
        ProcessEnvironment.Override(env, request.Env);
        var directory = request.WorkingDir.Length > 0 ? request.WorkingDir : record.Config.WorkingDir;
        return new ProcessSpec
        {
            Terminal = request.Tty,
            ConsoleSize = SpecFactory.Console(request.Tty, request.ConsoleSize),
            User = SpecFactory.UserOf(user),
            Args = request.Cmd ?? [],
            Env = env,
            Cwd = directory.Length > 0 ? directory : "/",
            Capabilities = SpecFactory.CapabilitiesOf(
                request.Privileged ? containers.AllCapabilities : containers.ContainerCapabilities(record.HostConfig)),
            Rlimits = containers.Limits(record.HostConfig),
            NoNewPrivileges = security.NoNewPrivileges,
            ApparmorProfile = request.Privileged ? null : containers.AppArmor(record.HostConfig, security),
        };
    }
}
