using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Slipway.Engine.Volumes;

/// <summary>Docker's rule for names of local volumes.</summary>
public static partial class VolumeName
{
    /// <summary>A new name for a volume that nobody named: 64 hexadecimal digits.</summary>
    public static string Generate() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>Refuses what is no name of a local volume.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/>.</exception>
    public static void Check(string name)
    {
        if (name.Length == 1)
        {
            throw EngineException.Invalid($"create {name}: volume name is too short, names should be at least two alphanumeric characters");
        }

        if (!Pattern().IsMatch(name))
        {
            throw EngineException.Invalid($"create {name}: \"{name}\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path");
        }

        // NAME_MAX: the name is a directory.
        if (name.Length > 255)
        {
            throw EngineException.Invalid($"create {name[..32]}…: volume name is too long, names should be at most 255 characters");
        }
    }

    [GeneratedRegex(@"\A[a-zA-Z0-9][a-zA-Z0-9_.-]+\z")]
    private static partial Regex Pattern();
}
