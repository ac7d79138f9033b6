using Slipway.DockerApi;

namespace Slipway.Engine.Images;

/// <summary>Fills what a user's config leaves open from another config, as Docker merges them.</summary>
internal static class MergeConfig
{
    internal static ContainerConfig Fill(ContainerConfig user, ContainerConfig below)
    {
        var noEntrypoint = user.Entrypoint is not { Count: > 0 };
        return user with
        {
            User = user.User.Length > 0 ? user.User : below.User,
            ExposedPorts = Union(user.ExposedPorts, below.ExposedPorts),
            Env = [.. user.Env ?? [], .. (below.Env ?? []).Where(line => !(user.Env ?? []).Any(own => Key(own) == Key(line)))],
            Labels = Union(user.Labels, below.Labels),
            Cmd = noEntrypoint && user.Cmd is not { Count: > 0 } ? below.Cmd : user.Cmd,
            Entrypoint = user.Entrypoint ?? below.Entrypoint,
            Healthcheck = user.Healthcheck ?? below.Healthcheck,
            WorkingDir = user.WorkingDir.Length > 0 ? user.WorkingDir : below.WorkingDir,
            Volumes = Union(user.Volumes, below.Volumes),
            StopSignal = user.StopSignal ?? below.StopSignal,
            Shell = user.Shell ?? below.Shell,
            OnBuild = user.OnBuild ?? below.OnBuild,
        };
    }

    private static string Key(string line) => line.Split('=', 2)[0];

    private static Dictionary<string, T>? Union<T>(IReadOnlyDictionary<string, T>? first, IReadOnlyDictionary<string, T>? second)
    {
        if (first is null && second is null)
        {
            return null;
        }

        var all = new Dictionary<string, T>(second ?? new Dictionary<string, T>());
        foreach (var (key, value) in first ?? new Dictionary<string, T>())
        {
            all[key] = value;
        }

        return all;
    }
}
