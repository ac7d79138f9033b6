using System.Globalization;
using Slipway.Daemon.Options;

namespace Slipway.Daemon.Process;

/// <summary>The file that names this process to init scripts.</summary>
internal sealed class PidFile : IDisposable
{
    private readonly string _path;

    private PidFile(string path) => _path = path;

    /// <summary>Writes the file.</summary>
    /// <exception cref="OptionException">A daemon whose file this is still runs, or the file cannot be written.</exception>
    public static PidFile Write(string path)
    {
        try
        {
            if (Read(path) is { } other && other != Environment.ProcessId && IsDaemon(other))
            {
                throw new OptionException($"pidfile: process with PID {other} of {path} is still running");
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new PidFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new OptionException($"pidfile: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Read(_path) == Environment.ProcessId)
        {
            File.Delete(_path);
        }
    }

    private static int? Read(string path) =>
        File.Exists(path) && int.TryParse(File.ReadAllText(path).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null;

    // After a reboot the number may belong to anything; only one of our kind counts. One that was killed and whose parent has not asked for
    // its end yet has no command line any more (proc(5)).
    private static bool IsDaemon(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/comm").Trim() is "slipwayd" && File.ReadAllBytes($"/proc/{pid}/cmdline").Length > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
