using Slipway.DockerApi;

namespace Slipway.Engine.Containers.Spec;

/// <summary>Environment of a container's processes, in Docker's order.</summary>
public static class ProcessEnvironment
{
    /// <summary>Where programs are looked for when nobody says otherwise.</summary>
    public const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Defaults first (PATH, HOSTNAME, TERM for a terminal), then what links bring, then what image and user set; a later value replaces an earlier one in its place.</summary>
    public static IReadOnlyList<string> Create(ContainerConfig config, IReadOnlyList<string>? links = null)
    {
        var env = new List<string> { DefaultPath, "HOSTNAME=" + config.Hostname };
        if (config.Tty)
        {
            env.Add("TERM=xterm");
        }

        Override(env, links);
        Override(env, config.Env);
        return env;
    }

    /// <summary>Puts entries over others; an entry without <c>=</c> removes the variable.</summary>
    public static void Override(List<string> env, IReadOnlyList<string>? entries)
    {
        foreach (var entry in entries ?? [])
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            var prefix = (equals < 0 ? entry : entry[..equals]) + "=";
            var present = env.FindIndex(other => other.StartsWith(prefix, StringComparison.Ordinal));
            if (equals < 0)
            {
                if (present >= 0)
                {
                    env.RemoveAt(present);
                }
            }
            else if (present >= 0)
            {
                env[present] = entry;
            }
            else
            {
                env.Add(entry);
            }
        }
    }
}
