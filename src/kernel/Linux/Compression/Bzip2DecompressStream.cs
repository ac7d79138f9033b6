using System.Runtime.InteropServices;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Decompresses bzip2, any number of streams, by the system's libbz2.so.1.0. Owns the inner stream.</summary>
public sealed unsafe class Bzip2DecompressStream : DecompressStream
{
    private Bzip2Calls.State* state;
    private bool started;
    private bool whole;

    /// <summary>Reads compressed data from the inner stream.</summary>
    /// <exception cref="NotSupportedException">The library is not installed.</exception>
    public Bzip2DecompressStream(Stream inner)
        : base(inner)
    {
        state = (Bzip2Calls.State*)NativeMemory.AllocZeroed((nuint)sizeof(Bzip2Calls.State));
        NativeLibraries.Call(Bzip2Calls.Library, Start);
    }

    /// <summary>Frees the decoder if nobody disposed the stream.</summary>
    ~Bzip2DecompressStream() => Dispose(disposing: false);

    private protected override bool Step(ReadOnlySpan<byte> source, bool last, Span<byte> target, out int consumed, out int written)
    {
        ObjectDisposedException.ThrowIf(state == null, this);
        (consumed, written) = (0, 0);
        if (whole && source.IsEmpty)
        {
            return true;
        }

        if (whole)
        {
            End();
            Start();
            whole = false;
        }

        fixed (byte* from = source)
        fixed (byte* to = target)
        {
            state->Input = from;
            state->InputLeft = (uint)source.Length;
            state->Output = to;
            state->OutputLeft = (uint)target.Length;
            var result = Bzip2Calls.Decode(state);
            consumed = source.Length - (int)state->InputLeft;
            written = target.Length - (int)state->OutputLeft;
            whole = result == Bzip2Calls.StreamEnd;
            return result is Bzip2Calls.Ok or Bzip2Calls.StreamEnd ? whole : throw new InvalidDataException("bzip2: the data are damaged");
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (state != null)
        {
            End();
            NativeMemory.Free(state);
            state = null;
        }

        base.Dispose(disposing);
    }

    private int Start()
    {
        *state = default;
        var result = Bzip2Calls.Start(state, 0, 0);
        started = result == Bzip2Calls.Ok;
        return started ? result : throw new OutOfMemoryException("bzip2: no decoder");
    }

    private void End()
    {
        if (started)
        {
            Bzip2Calls.End(state);
            started = false;
        }
    }
}
