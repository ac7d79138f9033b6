using System.Runtime.InteropServices;

namespace Slipway.Linux.Native;

/// <summary>libseccomp (seccomp.h, stable since 2.3): from rules to the kernel's filter program.</summary>
internal static partial class SeccompCalls
{
    internal const string Library = "libseccomp.so.2";
    internal const int UnknownName = -1;

    /// <summary>struct scmp_arg_cmp.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Comparison
    {
        internal uint Argument;
        internal int Operator;
        internal ulong A;
        internal ulong B;
    }

    [LibraryImport(Library, EntryPoint = "seccomp_init")]
    internal static partial nint Create(uint defaultAction);

    [LibraryImport(Library, EntryPoint = "seccomp_release")]
    internal static partial void Release(nint filter);

    [LibraryImport(Library, EntryPoint = "seccomp_arch_resolve_name", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial uint ResolveArchitecture(string name);

    [LibraryImport(Library, EntryPoint = "seccomp_arch_add")]
    internal static partial int AddArchitecture(nint filter, uint architecture);

    [LibraryImport(Library, EntryPoint = "seccomp_syscall_resolve_name", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ResolveCall(string name);

    [LibraryImport(Library, EntryPoint = "seccomp_rule_add_array")]
    internal static partial int AddRule(nint filter, uint action, int call, uint count, [In] Comparison[] comparisons);

    [LibraryImport(Library, EntryPoint = "seccomp_export_bpf")]
    internal static partial int Export(nint filter, int fd);
}
