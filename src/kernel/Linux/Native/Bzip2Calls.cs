using System.Runtime.InteropServices;

namespace Slipway.Linux.Native;

/// <summary>libbz2's decompressor (bzlib.h).</summary>
internal static unsafe partial class Bzip2Calls
{
    internal const string Library = "libbz2.so.1.0";
    internal const int Ok = 0;
    internal const int StreamEnd = 4;

    /// <summary>bz_stream; zeroed uses malloc.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 80)]
    internal struct State
    {
        internal byte* Input;
        internal uint InputLeft;
        internal uint InputTotalLow;
        internal uint InputTotalHigh;
        internal byte* Output;
        internal uint OutputLeft;
    }

    [LibraryImport(Library, EntryPoint = "BZ2_bzDecompressInit")]
    internal static partial int Start(State* state, int verbosity, int small);

    [LibraryImport(Library, EntryPoint = "BZ2_bzDecompress")]
    internal static partial int Decode(State* state);

    [LibraryImport(Library, EntryPoint = "BZ2_bzDecompressEnd")]
    internal static partial int End(State* state);
}
