using System.Globalization;
using System.Text;
using Slipway.Daemon.Options;
using Slipway.Engine;

namespace Slipway.Daemon.Process;

/// <summary>Holds a data root for this process; the kernel lets go of it however the process ends (<c>flock(2)</c>).</summary>
internal static class DataRootLock
{
    /// <summary>Takes the lock; disposing the file gives it back.</summary>
    /// <exception cref="OptionException">Another daemon has it.</exception>
    public static FileStream Take(EnginePaths paths)
    {
        try
        {
            Directory.CreateDirectory(paths.DataRoot);
            var file = new FileStream(paths.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "\n"));
            file.Flush();
            return file;
        }
        catch (UnauthorizedAccessException e)
        {
            throw new OptionException($"data-root: {e.Message}");
        }
        catch (IOException e)
        {
            throw new OptionException($"data-root: {paths.DataRoot} cannot be taken; is another slipwayd using it? ({e.Message})");
        }
    }
}
