using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Build.Solve;

/// <summary>Whether this machine runs another platform's programs: by itself, or through an interpreter that is registered with binfmt_misc.</summary>
internal static class ForeignPrograms
{
    private const string Registered = "/proc/sys/fs/binfmt_misc";

    // Go's names and qemu's.
    private static readonly Dictionary<string, string> Interpreters = new(StringComparer.Ordinal)
    {
        ["amd64"] = "x86_64", ["386"] = "i386", ["arm64"] = "aarch64", ["arm"] = "arm", ["riscv64"] = "riscv64", ["ppc64le"] = "ppc64le", ["s390x"] = "s390x", ["mips64le"] = "mips64el", ["loong64"] = "loongarch64",
    };

    /// <summary>Says so when a command cannot run.</summary>
    /// <exception cref="EngineException">InvalidArgument.</exception>
    internal static void Check(Platform platform)
    {
        var interpreter = Interpreters.GetValueOrDefault(platform.Architecture) ?? platform.Architecture;
        if (!Platform.Host.Runs(platform) && !IsRegistered("qemu-" + interpreter))
        {
            throw EngineException.Invalid($"cannot run programs for {platform} on this machine ({Platform.Host}): no interpreter qemu-{interpreter} is registered with binfmt_misc (Debian: qemu-user-static)");
        }
    }

    private static bool IsRegistered(string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(Registered, name)).StartsWith("enabled", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
