using System.Buffers;
using System.IO.Pipelines;

namespace Slipway.Transport;

/// <summary>
/// What a client sends. Whoever has taken a body from below Kestrel puts in front of the rest what makes it whole for Kestrel again.
/// </summary>
internal sealed class ConnectionInput(PipeReader inner) : PipeReader
{
    private ReadOnlySequence<byte> _front;
    private bool _frontShown;
    private bool _ended;

    /// <summary>The connection's bytes without what was put in front of them.</summary>
    public PipeReader Inner => inner;

    /// <summary>Shows these bytes before the connection's next ones.</summary>
    public void Prepend(ReadOnlyMemory<byte> bytes) => _front = new(bytes);

    /// <summary>Shows nothing more: what follows on the connection has no meaning.</summary>
    public void End() => _ended = true;

    /// <inheritdoc/>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) =>
        TryReadFront(out var result) ? new(result) : inner.ReadAsync(cancellationToken);

    /// <inheritdoc/>
    public override bool TryRead(out ReadResult result) => TryReadFront(out result) || inner.TryRead(out result);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    /// <inheritdoc/>
    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        if (_frontShown)
        {
            _frontShown = false;
            _front = _front.Slice(consumed);
            return;
        }

        inner.AdvanceTo(consumed, examined);
    }

    /// <inheritdoc/>
    public override void CancelPendingRead() => inner.CancelPendingRead();

    /// <inheritdoc/>
    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    private bool TryReadFront(out ReadResult result)
    {
        _frontShown = _ended || !_front.IsEmpty;
        result = new ReadResult(_front, isCanceled: false, isCompleted: _ended);
        return _frontShown;
    }
}
