using System.Threading.Channels;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Drivers;

/// <summary>
/// Network namespaces made ahead of time, so that a start does not wait for the kernel to make one. A few are kept once the first was
/// needed; what is taken is replaced in the background. Nothing of them outlives the daemon.
/// </summary>
internal sealed class SandboxPool : IDisposable
{
    private const int Kept = 4;

    private readonly Channel<NetworkSandbox> _ready = Channel.CreateBounded<NetworkSandbox>(Kept);
    private int _filling;

    /// <summary>A namespace with its loopback on.</summary>
    internal NetworkSandbox Take()
    {
        var sandbox = _ready.Reader.TryRead(out var warm) ? warm : NetworkSandbox.Create([]);
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

    private void Fill()
    {
        try
        {
            while (_ready.Reader.Count < Kept)
            {
                var sandbox = NetworkSandbox.Create([]);
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
