using System.Runtime.InteropServices;

namespace Slipway.Linux.Native;

/// <summary>libzstd's streaming interface (zstd.h, stable since 1.4).</summary>
internal static unsafe partial class ZstdCalls
{
    internal const string Library = "libzstd.so.1";
    internal const int CompressionLevel = 100;
    internal const int Checksum = 201;
    internal const int Continue = 0;
    internal const int Flush = 1;
    internal const int End = 2;

    /// <summary>ZSTD_inBuffer and ZSTD_outBuffer.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Window
    {
        internal byte* Data;
        internal nuint Size;
        internal nuint Position;
    }

    [LibraryImport(Library, EntryPoint = "ZSTD_createDCtx")]
    internal static partial nint CreateDecoder();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeDCtx")]
    internal static partial nuint FreeDecoder(nint decoder);

    [LibraryImport(Library, EntryPoint = "ZSTD_decompressStream")]
    internal static partial nuint Decode(nint decoder, ref Window output, ref Window input);

    [LibraryImport(Library, EntryPoint = "ZSTD_createCCtx")]
    internal static partial nint CreateEncoder();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeCCtx")]
    internal static partial nuint FreeEncoder(nint encoder);

    [LibraryImport(Library, EntryPoint = "ZSTD_CCtx_setParameter")]
    internal static partial nuint SetParameter(nint encoder, int parameter, int value);

    [LibraryImport(Library, EntryPoint = "ZSTD_compressStream2")]
    internal static partial nuint Encode(nint encoder, ref Window output, ref Window input, int directive);

    [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
    internal static partial uint IsError(nuint code);

    [LibraryImport(Library, EntryPoint = "ZSTD_getErrorName")]
    internal static partial nint ErrorName(nuint code);
}
