using Slipway.DockerApi;
using Slipway.Oci;

namespace Slipway.Engine.Containers.Spec;

/// <summary>How a container's configuration and its image's become one.</summary>
internal static class ConfigMerge
{
    /// <summary>The container's wishes, completed by the image's; what the container says wins.</summary>
    public static ContainerConfig Merge(ContainerConfig own, ExecutionConfig? image)
    {
        if (image is null)
        {
            return own with { Entrypoint = ResetEntrypoint(own.Entrypoint) };
        }

        var entrypoint = own.Entrypoint;
        var command = own.Cmd;
        if (entrypoint is not { Count: > 0 })
        {
            command = command is { Count: > 0 } ? command : image.Cmd;
            entrypoint ??= image.Entrypoint;
        }

        return own with
        {
            User = own.User.Length > 0 ? own.User : image.User ?? "",
            ExposedPorts = Union(own.ExposedPorts, image.ExposedPorts?.Keys),
            Env = MergeEnvironment(own.Env, image.Env),
            Labels = MergeLabels(own.Labels, image.Labels),
            Entrypoint = ResetEntrypoint(entrypoint),
            Cmd = command,
            Healthcheck = MergeHealth(own.Healthcheck, image.Healthcheck),
            WorkingDir = own.WorkingDir.Length > 0 ? own.WorkingDir : image.WorkingDir ?? "",
            Volumes = Union(own.Volumes, image.Volumes?.Keys),
            StopSignal = string.IsNullOrEmpty(own.StopSignal) ? image.StopSignal : own.StopSignal,
        };
    }

    // [""] asks for no entry point at all, not even the image's.
    private static IReadOnlyList<string>? ResetEntrypoint(IReadOnlyList<string>? entrypoint) => entrypoint is [""] ? null : entrypoint;

    private static IReadOnlyDictionary<string, EmptyObject>? Union(IReadOnlyDictionary<string, EmptyObject>? own, IEnumerable<string>? image)
    {
        if (image is null)
        {
            return own;
        }

        var all = new Dictionary<string, EmptyObject>(own ?? new Dictionary<string, EmptyObject>());
        foreach (var key in image)
        {
            all.TryAdd(key, new EmptyObject());
        }

        return all.Count == 0 ? own : all;
    }

    private static IReadOnlyList<string>? MergeEnvironment(IReadOnlyList<string>? own, IReadOnlyList<string>? image)
    {
        if (own is not { Count: > 0 })
        {
            return image ?? own;
        }

        var set = own.Select(NameOf).ToHashSet();
        return [.. own, .. (image ?? []).Where(entry => !set.Contains(NameOf(entry)))];
    }

    private static IReadOnlyDictionary<string, string>? MergeLabels(IReadOnlyDictionary<string, string>? own, IReadOnlyDictionary<string, string>? image)
    {
        var all = new Dictionary<string, string>(image ?? new Dictionary<string, string>());
        foreach (var (key, value) in own ?? new Dictionary<string, string>())
        {
            all[key] = value;
        }

        return all;
    }

    private static HealthConfig? MergeHealth(HealthConfig? own, HealthTest? image)
    {
        if (image is null)
        {
            return own;
        }

        own ??= new HealthConfig();
        return own with
        {
            Test = own.Test is { Count: > 0 } ? own.Test : image.Test,
            Interval = own.Interval != 0 ? own.Interval : image.Interval,
            Timeout = own.Timeout != 0 ? own.Timeout : image.Timeout,
            StartPeriod = own.StartPeriod != 0 ? own.StartPeriod : image.StartPeriod,
            StartInterval = own.StartInterval != 0 ? own.StartInterval : image.StartInterval,
            Retries = own.Retries != 0 ? own.Retries : image.Retries,
        };
    }

    private static string NameOf(string entry)
    {
        var equals = entry.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? entry : entry[..equals];
    }
}
