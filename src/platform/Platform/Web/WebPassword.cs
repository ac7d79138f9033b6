using System.Security.Cryptography;
using System.Text;
using Slipway.Platform.Model;
using Slipway.Platform.Secrets;
using Slipway.Platform.Settings;

namespace Slipway.Platform.Web;

/// <summary>
/// The password of the pages: made at the first start and kept in the file <c>password</c> of the data root, which only its owner reads.
/// Whoever writes another one there changes it; removing the file makes a new one at the next start.
/// </summary>
public sealed class WebPassword
{
    private readonly string _path;

    /// <summary>Makes the password unless there is one.</summary>
    public WebPassword(ServerOptions options)
    {
        _path = Path.Combine(options.DataRoot, "password");
        if (!File.Exists(_path))
        {
            PrivateFile.Write(_path, Identity.Secret()[..20] + "\n");
        }
    }

    /// <summary>Whether it is the password; takes the same time for every wrong one.</summary>
    public bool Is(string typed)
    {
        var right = File.ReadAllText(_path).Trim();
        return right.Length > 0 && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(right)), SHA256.HashData(Encoding.UTF8.GetBytes(typed)));
    }
}
