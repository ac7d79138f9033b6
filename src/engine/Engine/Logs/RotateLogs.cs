using Microsoft.Extensions.Logging;
using Slipway.Engine.Containers;
using Slipway.Linux;

namespace Slipway.Engine.Logs;

/// <summary>Rotates the logs of containers while they run (see ContainerLife).</summary>
public sealed class RotateLogs(EnginePaths paths, DirectorySignals signals, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly LogRotation _rotation = new(signals, time, logger);
    private readonly RunTokens _runs = new();

    /// <summary>A container's process runs.</summary>
    public void Start(Container container)
    {
        var settings = LogSettings.Parse(container.Record.HostConfig.LogConfig);
        if (container.Task is { } task && _runs.Begin(container) is { } ended)
        {
            _ = Task.Run(() => _rotation.RunAsync(paths.Log(container.Id), task.BundlePath, settings, ended), CancellationToken.None);
        }
    }

    /// <summary>A container's process has ended.</summary>
    public void End(Container container) => _runs.End(container);

    /// <inheritdoc/>
    public void Dispose() => _runs.EndAll();
}
