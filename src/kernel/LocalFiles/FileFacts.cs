using System.Runtime.InteropServices;

namespace Slipway.LocalFiles;

/// <summary>What stat(2) says of an object; links are not followed.</summary>
/// <param name="Mode">Type and permissions, as st_mode has them.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ModifiedNs">When its content was changed, in nanoseconds since 1970.</param>
/// <param name="Names">How many names it has.</param>
/// <param name="Identity">Equal for all names of one object, while it exists.</param>
/// <param name="Device">Major and minor number of a device; zeros for others.</param>
public readonly record struct FileFacts(uint Mode, long Size, long ModifiedNs, uint Names, (uint Major, uint Minor, ulong Inode) Identity, (uint Major, uint Minor) Device)
{
    private const uint TypeMask = 0xF000;
    private const int NotThere = 2;

    /// <summary>Whether it is a regular file.</summary>
    public bool IsRegular => (Mode & TypeMask) == 0x8000;

    /// <summary>Whether it is a symbolic link.</summary>
    public bool IsLink => (Mode & TypeMask) == 0xA000;

    /// <summary>Whether it is a socket.</summary>
    public bool IsSocket => (Mode & TypeMask) == 0xC000;

    /// <summary>Asks for them.</summary>
    /// <returns>Null when nothing is there.</returns>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    public static FileFacts? Of(string path)
    {
        if (FileCalls.Stat(FileCalls.CurrentDirectory, path, FileCalls.NoFollow, FileCalls.BasicFacts, out var facts) != 0)
        {
            return Marshal.GetLastPInvokeError() == NotThere ? null : throw FileCalls.Failed(path);
        }

        return new FileFacts(facts.Mode, facts.Size, (facts.ModifiedSeconds * 1_000_000_000) + facts.ModifiedNanoseconds, facts.Names,
            (facts.OnMajor, facts.OnMinor, facts.Inode), (facts.DeviceMajor, facts.DeviceMinor));
    }
}
