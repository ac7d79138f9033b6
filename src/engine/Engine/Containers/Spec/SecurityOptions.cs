using Slipway.DockerApi;

namespace Slipway.Engine.Containers.Spec;

/// <summary>What <c>--security-opt</c> asks for.</summary>
/// <param name="NoNewPrivileges">Whether set-user-id programs stay without effect.</param>
/// <param name="Seccomp">A profile as JSON, <c>builtin</c>, <c>unconfined</c>, or null for the engine's default.</param>
/// <param name="AppArmorProfile">Profile name, or null for the default.</param>
public sealed record SecurityOptions(bool NoNewPrivileges, string? Seccomp, string? AppArmorProfile)
{
    /// <summary>Reads the options of a container.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> for unknown options and profiles that are none.</exception>
    public static SecurityOptions Parse(HostConfig config, EngineOptions engine)
    {
        var result = new SecurityOptions(engine.NoNewPrivileges, null, null);
        foreach (var option in config.SecurityOpt ?? [])
        {
            result = result.With(option);
        }

        if (result.Seccomp is { } seccomp and not ("unconfined" or "builtin"))
        {
            _ = SeccompProfiles.ParseProfile(seccomp);
        }

        return result;
    }

    private SecurityOptions With(string option)
    {
        if (option is "no-new-privileges")
        {
            return this with { NoNewPrivileges = true };
        }

        if (option is "disable")
        {
            return this;
        }

        var cut = option.IndexOf('=', StringComparison.Ordinal);
        cut = cut >= 0 ? cut : option.IndexOf(':', StringComparison.Ordinal);
        if (cut < 0)
        {
            throw EngineException.Invalid($"invalid --security-opt 1: \"{option}\"");
        }

        var value = option[(cut + 1)..];
        return option[..cut] switch
        {
            // SELinux labels only mean something where SELinux is on, which no supported distribution has.
            "label" => this,
            "apparmor" => this with { AppArmorProfile = value },
            "seccomp" => this with { Seccomp = value },
            "no-new-privileges" => this with { NoNewPrivileges = ParseBool(value, option) },
            "writable-cgroups" => throw EngineException.Invalid($"invalid --security-opt 2: \"{option}\""),
            // The docker client turns systempaths=unconfined into empty path lists; others may pass it on.
            "systempaths" when value == "unconfined" => this,
            _ => throw EngineException.Invalid($"invalid --security-opt 2: \"{option}\""),
        };
    }

    private static bool ParseBool(string value, string option) => value switch
    {
        "1" or "t" or "T" or "TRUE" or "true" or "True" => true,
        "0" or "f" or "F" or "FALSE" or "false" or "False" => false,
        _ => throw EngineException.Invalid($"invalid --security-opt 2: \"{option}\""),
    };
}
