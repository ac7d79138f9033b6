using System.Security.Cryptography;

namespace Slipway.Platform.Model;

/// <summary>Makes identities and tokens.</summary>
public static class Identity
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyz";
    private const string Characters = Letters + "0123456789";

    /// <summary>A new identity: 24 letters and digits that begin with a letter.</summary>
    public static string New() => RandomNumberGenerator.GetString(Letters, 1) + RandomNumberGenerator.GetString(Characters, 23);

    /// <summary>A new secret of 40 letters and digits.</summary>
    public static string Secret() => RandomNumberGenerator.GetString(Characters, 40);
}
