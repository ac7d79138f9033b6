using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Hashes of passwords by bcrypt, as htpasswd writes them; computed by the system's libcrypt.</summary>
public static class Passwords
{
    // sizeof(struct crypt_data) of libxcrypt.
    private const int StateSize = 32768;
    private const int Cost = 10;

    /// <summary>Whether this is a bcrypt hash.</summary>
    public static bool IsBcrypt(string hash) => hash.Length == 60 && hash[0] == '$' && hash[1] == '2' && hash[2] is 'a' or 'b' or 'y' && hash[3] == '$';

    /// <summary>Whether a password gives this hash. Takes long on purpose.</summary>
    public static bool Matches(string password, string hash) =>
        IsBcrypt(hash) && !password.Contains('\0', StringComparison.Ordinal) && Compute(password, hash) is { } computed
        && CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(computed), Encoding.ASCII.GetBytes(hash));

    /// <summary>A new hash of a password, with a salt of its own.</summary>
    /// <exception cref="InvalidOperationException">libcrypt knows no bcrypt.</exception>
    public static string Hash(string password)
    {
        var setting = new byte[64];
        return CryptCalls.MakeSetting("$2y$", Cost, RandomNumberGenerator.GetBytes(16), 16, setting, setting.Length) != 0
            && Compute(password, Encoding.ASCII.GetString(setting).TrimEnd('\0')) is { } hash && IsBcrypt(hash)
            ? hash
            : throw new InvalidOperationException("libcrypt cannot compute bcrypt");
    }

    private static string? Compute(string password, string setting)
    {
        var state = GC.AllocateArray<byte>(StateSize, pinned: true);
        return Marshal.PtrToStringUTF8(CryptCalls.Crypt(password, setting, state, state.Length));
    }
}
