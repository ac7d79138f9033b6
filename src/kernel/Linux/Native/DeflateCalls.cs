using System.Runtime.InteropServices;

namespace Slipway.Linux.Native;

/// <summary>libdeflate's interface for whole buffers (libdeflate.h, stable since 1.0).</summary>
internal static unsafe partial class DeflateCalls
{
    internal const string Library = "libdeflate.so.0";

    [LibraryImport(Library, EntryPoint = "libdeflate_alloc_compressor")]
    internal static partial nint CreateCompressor(int level);

    [LibraryImport(Library, EntryPoint = "libdeflate_free_compressor")]
    internal static partial void FreeCompressor(nint compressor);

    [LibraryImport(Library, EntryPoint = "libdeflate_gzip_compress_bound")]
    internal static partial nuint GzipBound(nint compressor, nuint inputSize);

    [LibraryImport(Library, EntryPoint = "libdeflate_gzip_compress")]
    internal static partial nuint GzipCompress(nint compressor, byte* input, nuint inputSize, byte* output, nuint outputSize);
}
