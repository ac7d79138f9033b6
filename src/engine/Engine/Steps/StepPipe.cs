using System.IO.Pipes;
using Microsoft.Win32.SafeHandles;
using Slipway.DockerApi;

namespace Slipway.Engine.Steps;

/// <summary>
/// One output of a step: a pipe, since programs open <c>/dev/stdout</c>, which a socket does not allow. Read by a thread of its own, which
/// ends when nobody holds the other end.
/// </summary>
internal sealed class StepPipe : IDisposable
{
    private readonly AnonymousPipeServerStream _pipe = new(PipeDirection.In, HandleInheritability.None);
    private readonly StdStream _stream;
    private readonly StepOutput _output;

    internal StepPipe(StdStream stream, StepOutput output)
    {
        (_stream, _output) = (stream, output);
        ChildEnd = new SafeFileHandle(_pipe.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false);
    }

    /// <summary>The end that is given to the child.</summary>
    internal SafeFileHandle ChildEnd { get; }

    /// <summary>Completes when everything has been read.</summary>
    internal Task WhenEnded { get; private set; } = Task.CompletedTask;

    /// <summary>Begins to read. The child has its end now.</summary>
    internal void Begin()
    {
        _pipe.DisposeLocalCopyOfClientHandle();
        WhenEnded = Task.Factory.StartNew(Read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public void Dispose() => _pipe.Dispose();

    private void Read()
    {
        var buffer = new byte[16 << 10];
        try
        {
            for (int read; (read = _pipe.Read(buffer)) > 0;)
            {
                _output(_stream, buffer.AsMemory(0, read)).AsTask().GetAwaiter().GetResult();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // What has come so far is what there is.
        }
    }
}
