using System.Runtime.InteropServices;

namespace Slipway.Linux.Native;

/// <summary>libnftables(3). A context's netlink socket belongs to the network namespace of the thread that created the context.</summary>
internal static partial class NftablesCalls
{
    internal const string Library = "libnftables.so.1";
    internal const uint JsonOutput = 1 << 4;

    [LibraryImport(Library, EntryPoint = "nft_ctx_new")]
    internal static partial nint Create(uint flags);

    [LibraryImport(Library, EntryPoint = "nft_ctx_free")]
    internal static partial void Free(nint context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_buffer_output")]
    internal static partial int BufferOutput(nint context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_buffer_error")]
    internal static partial int BufferError(nint context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_get_output_buffer")]
    internal static partial nint Output(nint context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_get_error_buffer")]
    internal static partial nint Error(nint context);

    [LibraryImport(Library, EntryPoint = "nft_ctx_output_set_flags")]
    internal static partial void SetOutput(nint context, uint flags);

    [LibraryImport(Library, EntryPoint = "nft_run_cmd_from_buffer")]
    internal static partial int Run(nint context, byte[] commands);
}
