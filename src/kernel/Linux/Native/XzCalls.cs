using System.Runtime.InteropServices;

namespace Slipway.Linux.Native;

/// <summary>liblzma's stream decoder (lzma/base.h, lzma/container.h).</summary>
internal static unsafe partial class XzCalls
{
    internal const string Library = "liblzma.so.5";
    internal const uint Concatenated = 8;
    internal const int Ok = 0;
    internal const int StreamEnd = 1;
    internal const int MemoryLimit = 6;
    internal const int BufferError = 10;
    internal const int Run = 0;
    internal const int Finish = 3;

    /// <summary>lzma_stream; zeroed is LZMA_STREAM_INIT.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 136)]
    internal struct State
    {
        internal byte* Input;
        internal nuint InputLeft;
        internal ulong InputTotal;
        internal byte* Output;
        internal nuint OutputLeft;
        internal ulong OutputTotal;
    }

    [LibraryImport(Library, EntryPoint = "lzma_stream_decoder")]
    internal static partial int Start(State* state, ulong memoryLimit, uint flags);

    [LibraryImport(Library, EntryPoint = "lzma_code")]
    internal static partial int Code(State* state, int action);

    [LibraryImport(Library, EntryPoint = "lzma_end")]
    internal static partial void End(State* state);
}
