using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildKit.Builds;

/// <summary>One line of a build's progress.</summary>
internal sealed class ProgressStep(BuildProgress progress, string digest, string name, IReadOnlyList<string> inputs)
{
    // As BuildKit clips.
    private const int MostPrinted = 2 << 20;

    private Timestamp? _started;
    private int _printed;
    private bool _ended;

    /// <summary>Names the step.</summary>
    internal string Digest => digest;

    /// <summary>Its title.</summary>
    internal string Name => name;

    /// <summary>Work begins.</summary>
    internal ProgressStep Start()
    {
        if (_started is null)
        {
            _started = progress.Now();
            Tell(Vertex());
        }

        return this;
    }

    /// <summary>It is done.</summary>
    internal void Done(bool cached = false) => End(cached, "");

    /// <summary>It failed.</summary>
    internal void Fail(string error) => End(false, error);

    /// <summary>Something was printed.</summary>
    internal void Print(int stream, ReadOnlyMemory<byte> data)
    {
        var room = MostPrinted - _printed;
        if (room <= 0)
        {
            return;
        }

        _printed += data.Length;
        var text = data.Length <= room ? ByteString.CopyFrom(data.Span) : ByteString.CopyFrom([.. data.Span[..room], .. "\n[output clipped, log limit 2MiB reached]\n"u8]);
        progress.Tell(new StatusResponse { Logs = { new VertexLog { Vertex = digest, Timestamp = progress.Now(), Stream = stream, Msg = text } } });
    }

    /// <summary>A part of the work.</summary>
    /// <param name="part">What, such as <c>transferring context:</c>.</param>
    /// <param name="current">How many bytes are done.</param>
    /// <param name="total">Of how many; 0 when that is not known.</param>
    /// <param name="done">Whether it is complete.</param>
    internal void Part(string part, long current, long total, bool done)
    {
        var now = progress.Now();
        var status = new VertexStatus { Id = part, Vertex = digest, Name = part, Current = current, Total = total, Timestamp = now, Started = _started ?? now };
        if (done)
        {
            status.Completed = now;
        }

        progress.Tell(new StatusResponse { Statuses = { status } });
    }

    /// <summary>Runs work as this step.</summary>
    internal async Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        Start();
        try
        {
            var result = await work().ConfigureAwait(false);
            Done();
            return result;
        }
        catch (Exception e)
        {
            Fail(e is OperationCanceledException ? "context canceled" : e.Message);
            throw;
        }
    }

    /// <summary>Something is to be said about it.</summary>
    internal void Warn(VertexWarning warning)
    {
        warning.Vertex = digest;
        progress.Tell(new StatusResponse { Warnings = { warning } });
    }

    private void End(bool cached, string error)
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        _started ??= progress.Now();
        var vertex = Vertex();
        (vertex.Completed, vertex.Cached, vertex.Error) = (progress.Now(), cached, error);
        Tell(vertex);
    }

    private Vertex Vertex() => new() { Digest = digest, Name = name, Inputs = { inputs }, Started = _started };

    private void Tell(Vertex vertex) => progress.Tell(new StatusResponse { Vertexes = { vertex } });
}
