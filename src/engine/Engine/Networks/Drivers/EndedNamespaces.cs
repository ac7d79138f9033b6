using Microsoft.Win32.SafeHandles;

namespace Slipway.Engine.Networks.Drivers;

/// <summary>
/// Namespaces of containers that have ended, kept until nobody starts one for a moment. To take a namespace apart the kernel holds its network
/// lock through several RCU grace periods (15 ms), for which the next start would wait; many at once cost it no more than one.
/// </summary>
internal sealed class EndedNamespaces : IDisposable
{
    private const int Most = 64;
    private static readonly TimeSpan s_quiet = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan s_second = TimeSpan.FromSeconds(2);

    private readonly Lock _turn = new();
    private readonly List<(SafeFileHandle Namespace, IReadOnlyList<string> Links)> _ended = [];
    private readonly EndpointLinks _links;
    private readonly ITimer _timer;
    private List<string> _leaving = [];

    /// <param name="links">Removes cables whose namespace somebody else still uses.</param>
    /// <param name="time">Times the quiet.</param>
    internal EndedNamespaces(EndpointLinks links, TimeProvider time)
    {
        _links = links;
        _timer = time.CreateTimer(_ => End(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Takes over a namespace without processes whose cables have been silenced.</summary>
    internal void Add(SafeFileHandle ended, IReadOnlyList<string> links)
    {
        lock (_turn)
        {
            _ended.Add((ended, links));
            _timer.Change(_ended.Count < Most ? s_quiet : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>A container is being started: not now.</summary>
    internal void Postpone()
    {
        lock (_turn)
        {
            if (_ended.Count is > 0 and < Most)
            {
                _timer.Change(s_quiet, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        End();
    }

    private void End()
    {
        List<(SafeFileHandle Namespace, IReadOnlyList<string> Links)> ended;
        List<string> left;
        lock (_turn)
        {
            (ended, left) = ([.. _ended], _leaving);
            _ended.Clear();
            _leaving = [.. ended.SelectMany(entry => entry.Links)];
            if (_leaving.Count > 0)
            {
                // Where a container joined another's network and lives on, the cable does not go by itself.
                TryArm(s_second);
            }
        }

        _links.Delete(left);
        foreach (var (handle, _) in ended)
        {
            handle.Dispose();
        }
    }

    private void TryArm(TimeSpan due)
    {
        try
        {
            _timer.Change(due, Timeout.InfiniteTimeSpan);
        }
        catch (ObjectDisposedException)
        {
            // The daemon ends.
        }
    }
}
