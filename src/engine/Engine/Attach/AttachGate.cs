using System.Net.Sockets;

namespace Slipway.Engine.Attach;

/// <summary>
/// Where a container's attach clients get their connection to its monitor. Clients may come before the process exists; whoever starts
/// it opens the gate between creating and starting, so that no first byte is lost. One gate per container, for all its runs.
/// </summary>
public sealed class AttachGate(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<TaskCompletionSource<Socket?>> _waiting = [];
    private readonly Stack<ParkedConnection> _parked = [];
    private string? _bundle;
    private bool _closed;

    /// <summary>
    /// A task exists and has not started yet (or, after a restart of the daemon, was found running): connects all that wait, then lets
    /// later clients connect at once. A client whose connection fails is told; the start goes on.
    /// </summary>
    public async ValueTask OpenAsync(string bundlePath)
    {
        TaskCompletionSource<Socket?>[] waiting;
        lock (_lock)
        {
            _bundle = bundlePath;
            waiting = [.. _waiting];
            _waiting.Clear();
        }

        foreach (var client in waiting)
        {
            await ConnectAsync(client, bundlePath).ConfigureAwait(false);
        }

        if (waiting.Length > 1)
        {
            // conmon accepts one connection per turn of its loop; with several, give it the turns before the process writes.
            await Task.Delay(TimeSpan.FromMilliseconds(waiting.Length), time).ConfigureAwait(false);
        }
    }

    /// <summary>The task ended, or its start failed: new clients wait for the next one.</summary>
    public void End()
    {
        lock (_lock)
        {
            _bundle = null;
            DropParked();
        }
    }

    /// <summary>The container is gone: ends every wait.</summary>
    public void Close()
    {
        TaskCompletionSource<Socket?>[] waiting;
        lock (_lock)
        {
            _closed = true;
            _bundle = null;
            waiting = [.. _waiting];
            _waiting.Clear();
            DropParked();
        }

        foreach (var client in waiting)
        {
            client.TrySetResult(null);
        }
    }

    /// <summary>
    /// Takes a client's place among those who wait for the next task, unless there is one. This comes before the client hears anything: it
    /// may then start the container on another connection, and the container may have ended before the client's own request goes on.
    /// </summary>
    public AttachPlace Enter() => new(this, Queue(out _));

    /// <summary>Waits for a task and connects to its monitor.</summary>
    /// <param name="spectator">Whether the client's connection is to be parked when it leaves: it may then get one that was.</param>
    /// <param name="cancel">The client's connection was aborted.</param>
    /// <returns>The connection, which the caller owns; null when the container was removed instead.</returns>
    /// <exception cref="EngineException">The monitor takes no connection.</exception>
    public async Task<Socket?> ConnectAsync(bool spectator, CancellationToken cancel)
    {
        while (spectator && TakeParked() is { } parked)
        {
            if (await parked.TakeAsync().ConfigureAwait(false) is { } connection)
            {
                return connection;
            }
        }

        return Queue(out var bundle) is { } client ? await WaitAsync(client, cancel).ConfigureAwait(false)
            : bundle is not null ? await ConmonSocket.ConnectAsync(bundle, time, cancel).ConfigureAwait(false)
            : null;
    }

    /// <summary>Waits for the connection of a client that has its place.</summary>
    internal async Task<Socket?> WaitAsync(TaskCompletionSource<Socket?> client, CancellationToken cancel)
    {
        using var registration = cancel.Register(() => Withdraw(client, cancel));
        return await client.Task.ConfigureAwait(false);
    }

    /// <summary>Ends the wait of a client that did not get to it, and keeps what it would have got.</summary>
    internal void Leave(TaskCompletionSource<Socket?> client)
    {
        Withdraw(client, new CancellationToken(canceled: true));
        if (client.Task is { IsCompletedSuccessfully: true, Result: { } connection })
        {
            Park(connection);
        }
    }

    /// <summary>
    /// Takes a connection whose client left while the container's stdin belongs to another one. Closing it would close that stdin
    /// (see <see cref="ConmonSocket"/>), so it stays for the next one that leaves like that, or until the task ends. There are thus
    /// never more than clients at one time.
    /// </summary>
    public void Park(Socket connection)
    {
        lock (_lock)
        {
            if (_bundle is not null && connection.Connected)
            {
                _parked.Push(new ParkedConnection(connection));
                return;
            }
        }

        connection.Dispose();
    }

    // A client among those who wait; null when there is a task (whose bundle it is), or the container is gone.
    private TaskCompletionSource<Socket?>? Queue(out string? bundle)
    {
        lock (_lock)
        {
            bundle = _closed ? null : _bundle;
            if (_closed || bundle is not null)
            {
                return null;
            }

            var client = new TaskCompletionSource<Socket?>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add(client);
            return client;
        }
    }

    private ParkedConnection? TakeParked()
    {
        lock (_lock)
        {
            return _parked.TryPop(out var parked) ? parked : null;
        }
    }

    private async Task ConnectAsync(TaskCompletionSource<Socket?> client, string bundlePath)
    {
        try
        {
            var connection = await ConmonSocket.ConnectAsync(bundlePath, time, CancellationToken.None).ConfigureAwait(false);
            if (!client.TrySetResult(connection))
            {
                Park(connection);
            }
        }
        catch (EngineException e)
        {
            client.TrySetException(e);
        }
    }

    private void Withdraw(TaskCompletionSource<Socket?> client, CancellationToken cancel)
    {
        lock (_lock)
        {
            _waiting.Remove(client);
        }

        client.TrySetCanceled(cancel);
    }

    private void DropParked()
    {
        foreach (var connection in _parked)
        {
            connection.Dispose();
        }

        _parked.Clear();
    }
}

/// <summary>A client's place at an <see cref="AttachGate"/>; given up when disposed.</summary>
public sealed class AttachPlace : IDisposable
{
    private readonly AttachGate _gate;
    private TaskCompletionSource<Socket?>? _client;

    internal AttachPlace(AttachGate gate, TaskCompletionSource<Socket?>? client) => (_gate, _client) = (gate, client);

    /// <summary>As <see cref="AttachGate.ConnectAsync(bool, CancellationToken)"/>; once.</summary>
    public Task<Socket?> ConnectAsync(bool spectator, CancellationToken cancel) =>
        Interlocked.Exchange(ref _client, null) is { } client ? _gate.WaitAsync(client, cancel) : _gate.ConnectAsync(spectator, cancel);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _client, null) is { } client)
        {
            _gate.Leave(client);
        }
    }
}
