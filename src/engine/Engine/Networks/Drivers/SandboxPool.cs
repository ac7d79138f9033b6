using System.Threading.Channels;
using Slipway.Engine.Networks.Names;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Drivers;

/// <summary>A namespace that no container has yet.</summary>
/// <param name="Sandbox">The namespace.</param>
/// <param name="Names">Where its programs will ask for names; null in a pool without.</param>
internal sealed record WarmSandbox(NetworkSandbox Sandbox, NameSockets? Names) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        Names?.Dispose();
        Sandbox.Dispose();
    }
}

/// <summary>
/// Network namespaces made ahead of time, so that a start does not wait for the kernel to make one. A few are kept once the first was
/// needed; what is taken is replaced in the background. Nothing of them outlives the daemon.
/// </summary>
internal sealed class SandboxPool(bool names) : IDisposable
{
    private const int Kept = 4;

    private readonly Channel<WarmSandbox> _ready = Channel.CreateBounded<WarmSandbox>(Kept);
    private int _filling;

    /// <summary>A namespace with its loopback on.</summary>
    internal WarmSandbox Take()
    {
        var sandbox = _ready.Reader.TryRead(out var warm) ? warm : Make();
        if (Interlocked.Exchange(ref _filling, 1) == 0)
        {
            _ = Task.Run(Fill);
        }

        return sandbox;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ready.Writer.TryComplete();
        while (_ready.Reader.TryRead(out var sandbox))
        {
            sandbox.Dispose();
        }
    }

    private WarmSandbox Make()
    {
        var sandbox = NetworkSandbox.Create([]);
        try
        {
            return new WarmSandbox(sandbox, names ? NameSockets.Open(sandbox.Namespace) : null);
        }
        catch
        {
            sandbox.Dispose();
            throw;
        }
    }

    private void Fill()
    {
        try
        {
            while (_ready.Reader.Count < Kept)
            {
                var sandbox = Make();
                if (!_ready.Writer.TryWrite(sandbox))
                {
                    sandbox.Dispose();
                    break;
                }
            }
        }
        catch (IOException)
        {
            // The next one who needs a namespace makes it himself and gets the message.
        }
        finally
        {
            Volatile.Write(ref _filling, 0);
        }
    }
}
