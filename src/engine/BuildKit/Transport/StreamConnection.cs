using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Slipway.BuildKit.Transport;

/// <summary>A connection that HTTP/1.1 has left, as Kestrel sees connections.</summary>
internal sealed class StreamConnection : ConnectionContext, IDuplexPipe
{
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal StreamConnection(Stream stream, string id)
    {
        ConnectionId = id;
        ConnectionClosed = _closed.Token;
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, leaveOpen: true));
        Output = PipeWriter.Create(new QuietStream(stream), new StreamPipeWriterOptions(leaveOpen: true));
        Transport = this;
        Features.Set<IConnectionTransportFeature>(new TransportFeature(this));
    }

    /// <summary>Ends when the server has done with the connection.</summary>
    internal Task Ended => _ended.Task;

    public override IDuplexPipe Transport { get; set; }

    public override string ConnectionId { get; set; }

    public override IFeatureCollection Features { get; } = new FeatureCollection(2);

    public override IDictionary<object, object?> Items { get => field ??= new ConnectionItems(); set; }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        Input.CancelPendingRead();
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.Close(), this, preferLocal: false);
    }

    public override ValueTask DisposeAsync()
    {
        Close();
        return base.DisposeAsync();
    }

    private void Close()
    {
        _closed.Cancel();
        _ended.TrySetResult();
    }

    private sealed class TransportFeature(StreamConnection connection) : IConnectionTransportFeature
    {
        public IDuplexPipe Transport { get => connection.Transport; set => connection.Transport = value; }
    }
}
