using Slipway.Platform.Model;
using Slipway.Platform.Secrets;

namespace Slipway.Platform.Settings;

/// <summary>Tells this platform from others that use the same engine.</summary>
/// <param name="Id">Identity.</param>
public sealed record PlatformIdentity(string Id)
{
    /// <summary>The beginning of the identity, for names.</summary>
    public string Short => Id[..8];

    internal static PlatformIdentity Open(string path)
    {
        if (!File.Exists(path))
        {
            PrivateFile.Write(path, Identity.New());
        }

        return new PlatformIdentity(File.ReadAllText(path).Trim());
    }
}
