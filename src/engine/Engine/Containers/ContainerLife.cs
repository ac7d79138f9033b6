namespace Slipway.Engine.Containers;

/// <summary>Tells those who accompany a running container (health checks, log rotation) when its process is there and when it is gone.</summary>
public sealed class ContainerLife
{
    /// <summary>A container's process runs: it was started, or found running when the daemon started.</summary>
    public event Action<Container>? Started;

    /// <summary>A container's process has ended; its record still shows the run.</summary>
    public event Action<Container>? Ended;

    internal void TellStarted(Container container) => Started?.Invoke(container);

    internal void TellEnded(Container container) => Ended?.Invoke(container);
}
