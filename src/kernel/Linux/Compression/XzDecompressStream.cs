using System.Runtime.InteropServices;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Decompresses xz, any number of streams, by the system's liblzma.so.5. Owns the inner stream.</summary>
public sealed unsafe class XzDecompressStream : DecompressStream
{
    // xz -9 needs 65 MiB.
    private const ulong MemoryLimit = 128UL << 20;

    // The library keeps pointers into it, so it must not move.
    private XzCalls.State* state;

    /// <summary>Reads compressed data from the inner stream.</summary>
    /// <exception cref="NotSupportedException">The library is not installed.</exception>
    public XzDecompressStream(Stream inner)
        : base(inner)
    {
        state = (XzCalls.State*)NativeMemory.AllocZeroed((nuint)sizeof(XzCalls.State));
        if (NativeLibraries.Call(XzCalls.Library, () => XzCalls.Start(state, MemoryLimit, XzCalls.Concatenated)) != XzCalls.Ok)
        {
            throw new OutOfMemoryException("xz: no decoder");
        }
    }

    /// <summary>Frees the decoder if nobody disposed the stream.</summary>
    ~XzDecompressStream() => Dispose(disposing: false);

    private protected override bool Step(ReadOnlySpan<byte> source, bool last, Span<byte> target, out int consumed, out int written)
    {
        ObjectDisposedException.ThrowIf(state == null, this);
        fixed (byte* from = source)
        fixed (byte* to = target)
        {
            state->Input = from;
            state->InputLeft = (nuint)source.Length;
            state->Output = to;
            state->OutputLeft = (nuint)target.Length;
            var result = XzCalls.Code(state, last ? XzCalls.Finish : XzCalls.Run);
            consumed = source.Length - (int)state->InputLeft;
            written = target.Length - (int)state->OutputLeft;
            return result switch
            {
                XzCalls.StreamEnd => true,
                XzCalls.Ok or XzCalls.BufferError => false,
                XzCalls.MemoryLimit => throw new InvalidDataException("xz: the data need too much memory"),
                _ => throw new InvalidDataException("xz: the data are damaged"),
            };
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (state != null)
        {
            // Without the library nothing was started that could be ended.
            try
            {
                XzCalls.End(state);
            }
            catch (DllNotFoundException)
            {
            }

            NativeMemory.Free(state);
            state = null;
        }

        base.Dispose(disposing);
    }
}
