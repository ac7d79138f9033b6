using System.Runtime.InteropServices;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Decompresses zstd (RFC 8878), any number of frames, by the system's libzstd.so.1. Owns the inner stream.</summary>
public sealed unsafe class ZstdDecompressStream : DecompressStream
{
    private nint decoder;
    private bool whole;

    /// <summary>Reads compressed data from the inner stream.</summary>
    /// <exception cref="NotSupportedException">The library is not installed.</exception>
    public ZstdDecompressStream(Stream inner)
        : base(inner) => decoder = NativeLibraries.Call(ZstdCalls.Library, ZstdCalls.CreateDecoder);

    /// <summary>Frees the decoder if nobody disposed the stream.</summary>
    ~ZstdDecompressStream() => Dispose(disposing: false);

    private protected override bool Step(ReadOnlySpan<byte> source, bool last, Span<byte> target, out int consumed, out int written)
    {
        ObjectDisposedException.ThrowIf(decoder == 0, this);
        fixed (byte* from = source)
        fixed (byte* to = target)
        {
            var input = new ZstdCalls.Window { Data = from, Size = (nuint)source.Length };
            var output = new ZstdCalls.Window { Data = to, Size = (nuint)target.Length };
            var state = ZstdCalls.Decode(decoder, ref output, ref input);
            Zstd.Check(state);
            (consumed, written) = ((int)input.Position, (int)output.Position);
            // Without progress the library asks for the next frame's header, which is no sign of a frame begun.
            whole = consumed == 0 && written == 0 ? whole : state == 0;
            return whole;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (decoder != 0)
        {
            ZstdCalls.FreeDecoder(decoder);
            decoder = 0;
        }

        base.Dispose(disposing);
    }
}

internal static class Zstd
{
    internal static void Check(nuint code)
    {
        if (ZstdCalls.IsError(code) != 0)
        {
            throw new InvalidDataException("zstd: " + Marshal.PtrToStringUTF8(ZstdCalls.ErrorName(code)));
        }
    }
}
