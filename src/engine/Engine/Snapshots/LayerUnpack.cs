using Slipway.Engine.Content;
using Slipway.Engine.Layers;
using Slipway.Oci;

namespace Slipway.Engine.Snapshots;

/// <summary>A layer being unpacked into the staging directory on a thread of its own, before anybody knows what lies below it.</summary>
public sealed class LayerUnpack : IDisposable
{
    private static readonly SemaphoreSlim Slots = new(Math.Max(2, Environment.ProcessorCount));

    private readonly CancellationTokenSource _cancel;
    private readonly Thread _thread;
    private readonly TaskCompletionSource<AppliedLayer> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Action<string> _discard;
    private readonly string _directory;
    private readonly BlobWriter? _blob;
    private readonly long _mostBytes;
    private bool _taken;

    /// <param name="source">The layer's blob; owned.</param>
    /// <param name="packing">How it is packed; null to see.</param>
    /// <param name="directory">Where to; owned until <see cref="Take"/>.</param>
    /// <param name="discard">Removes a directory.</param>
    /// <param name="cancel">Stops it.</param>
    /// <param name="blob">The writer of the blob, when the source reads behind one.</param>
    /// <param name="mostBytes">Bytes of the plain tar beyond which the layer is refused.</param>
    internal LayerUnpack(Stream source, Packing? packing, string directory, Action<string> discard, CancellationToken cancel, BlobWriter? blob, long mostBytes)
    {
        (_blob, _mostBytes) = (blob, mostBytes);
        _directory = directory;
        _discard = discard;
        _cancel = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Directory.CreateDirectory(Path.Combine(directory, "fs"));
        _thread = new Thread(() => Run(source, packing)) { IsBackground = true, Name = "unpack" };
        _thread.Start();
    }

    /// <summary>Digest of the plain tar; valid when <see cref="WhenDone"/> has completed.</summary>
    public Digest DiffId { get; private set; }

    /// <summary>Completes when everything is on the file system (not yet flushed), fails when the layer is broken or hostile.</summary>
    public Task WhenDone => _done.Task;

    /// <summary>Whether its directory became a snapshot already.</summary>
    internal bool IsTaken => _taken;

    internal string FileSystem => Path.Combine(_directory, "fs");

    internal AppliedLayer Applied => _done.Task.Result;

    /// <summary>Stops it and removes what was unpacked, unless it became a snapshot.</summary>
    public void Dispose()
    {
        _cancel.Cancel();
        _ = _done.Task.ContinueWith(Discard, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Hands the directory over to the snapshot it becomes.</summary>
    internal string Take()
    {
        _taken = true;
        return _directory;
    }

    private void Discard(Task<AppliedLayer> done)
    {
        _ = done.Exception;
        _cancel.Dispose();
        if (!_taken)
        {
            _discard(_directory);
        }
    }

    private void Run(Stream source, Packing? packing)
    {
        try
        {
            Slots.Wait(_cancel.Token);
            try
            {
                _done.SetResult(Apply(source, packing));
            }
            finally
            {
                Slots.Release();
            }
        }
        catch (Exception e)
        {
            _done.TrySetException(e);
        }
        finally
        {
            source.Dispose();
        }
    }

    private AppliedLayer Apply(Stream source, Packing? known)
    {
        if (known is not { } packing)
        {
            (var head, source) = PrefixedStream.Peek(source, Decompression.Needed);
            packing = Decompression.Detect(head);
        }

        if (packing == Packing.None && _blob is not null)
        {
            // The writer of an unpacked blob computes the very same digest.
            var read = ApplyLayer.Run(source, FileSystem, _cancel.Token);
            DiffId = _blob.WaitComplete();
            return read;
        }

        using var plain = Decompression.Open(source, packing);
        using var hashed = new HashingStream(plain, _mostBytes);
        using var ahead = new ReadAheadStream(hashed);
        var applied = ApplyLayer.Run(ahead, FileSystem, _cancel.Token);
        DiffId = hashed.Finish();
        return applied;
    }
}
