using System.Runtime.InteropServices;

namespace Slipway.Linux.Native;

/// <summary>libxcrypt (crypt(3), crypt_gensalt(3)), which every distribution has for its own logins.</summary>
internal static partial class CryptCalls
{
    private const string Library = "libcrypt.so.1";

    [LibraryImport(Library, EntryPoint = "crypt_rn", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint Crypt(string phrase, string setting, Span<byte> data, int size);

    [LibraryImport(Library, EntryPoint = "crypt_gensalt_rn", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint MakeSetting(string prefix, ulong count, ReadOnlySpan<byte> random, int length, Span<byte> output, int size);
}
