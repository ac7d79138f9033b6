using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// Packs buffers, each to a gzip member of its own (RFC 1952, 2.2), by the system's libdeflate.so.0: a third less time than zlib-ng
/// for the same size. The same input gives the same output. Not for concurrent calls.
/// </summary>
public sealed class GzipCompressor : SafeHandleZeroOrMinusOneIsInvalid
{
    /// <summary>Makes a compressor.</summary>
    /// <param name="level">1 (fast) to 12.</param>
    /// <exception cref="NotSupportedException">The library is not installed.</exception>
    public GzipCompressor(int level)
        : base(ownsHandle: true)
    {
        SetHandle(NativeLibraries.Call(DeflateCalls.Library, () => DeflateCalls.CreateCompressor(level)));
        if (IsInvalid)
        {
            throw new OutOfMemoryException();
        }
    }

    /// <summary>How many bytes a member takes at most.</summary>
    /// <param name="length">Bytes of the plain buffer, at most.</param>
    public int Bound(int length) => checked((int)DeflateCalls.GzipBound(handle, (nuint)length));

    /// <summary>Packs a buffer.</summary>
    /// <param name="plain">What to pack.</param>
    /// <param name="packed">Where the member goes; as long as <see cref="Bound"/> says, or longer.</param>
    /// <returns>Bytes of the member.</returns>
    /// <exception cref="ArgumentException">It is too short.</exception>
    public unsafe int Pack(ReadOnlySpan<byte> plain, Span<byte> packed)
    {
        fixed (byte* input = plain, output = packed)
        {
            var length = DeflateCalls.GzipCompress(handle, input, (nuint)plain.Length, output, (nuint)packed.Length);
            return length > 0 ? (int)length : throw new ArgumentException("the member does not fit", nameof(packed));
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        DeflateCalls.FreeCompressor(handle);
        return true;
    }
}
