using System.Globalization;
using Slipway.Engine.Events;

namespace Slipway.Engine.Containers;

/// <summary>Publishes container events with the attributes that Docker gives them: the labels, the image and the name.</summary>
public sealed class ContainerEvents(EventLog log)
{
    /// <summary>Containers whose last start has been told and whose end since then has not.</summary>
    internal HashSet<string> Unended() => log.Unended();

    /// <summary>Tells that a container's process has ended, as its record says.</summary>
    internal void PublishEnd(Container container)
    {
        var state = container.Record.State;
        var duration = (long)((state.FinishedAt - state.StartedAt) ?? TimeSpan.Zero).TotalSeconds;
        Publish(container, "die", ("exitCode", state.ExitCode.ToString(CultureInfo.InvariantCulture)), ("execDuration", duration.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Publishes one event of a container.</summary>
    /// <param name="container">The actor.</param>
    /// <param name="action">What happened, for example <c>start</c>.</param>
    /// <param name="attributes">Further attributes, for example the exit code.</param>
    public void Publish(Container container, string action, params ReadOnlySpan<(string Key, string Value)> attributes)
    {
        var record = container.Record;
        var all = new Dictionary<string, string>(record.Config.Labels ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            ["image"] = record.ImageName,
            ["name"] = record.Name,
        };
        foreach (var (key, value) in attributes)
        {
            all[key] = value;
        }

        log.Publish("container", action, container.Id, all);
    }
}
