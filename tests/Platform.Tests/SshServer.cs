using System.Diagnostics;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>sshd on loopback, for the user of the tests.</summary>
internal sealed class SshServer : IDisposable
{
    private readonly string _directory;
    private Process _process;

    private SshServer(string directory, int port)
    {
        (_directory, Port) = (Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName, port);
        Directory.CreateDirectory("/run/sshd");
        File.WriteAllText(Path.Combine(directory, "keys"), "");
        _process = Launch();
    }

    /// <summary>Its port.</summary>
    internal int Port { get; }

    internal static SshServer Start(string directory) => new(directory, PlatformRoom.FreePort());

    /// <summary>Lets a key in.</summary>
    internal void Admit(string key) => File.AppendAllText(Path.Combine(_directory, "keys"), key + "\n");

    /// <summary>Becomes another server.</summary>
    internal void ChangeHostKey()
    {
        Dispose();
        File.Delete(Path.Combine(_directory, "host"));
        _process = Launch();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private Process Launch()
    {
        Tool.Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", Path.Combine(_directory, "host"));
        var start = new ProcessStartInfo("/usr/sbin/sshd") { RedirectStandardError = true };
        foreach (var word in (string[])
            [
                "-D", "-e", "-f", "/dev/null", "-h", Path.Combine(_directory, "host"), "-o", $"ListenAddress=127.0.0.1:{Port}", "-o", "AuthorizedKeysFile=" + Path.Combine(_directory, "keys"),
                "-o", "StrictModes=no", "-o", "UsePAM=no", "-o", "PidFile=none", "-o", "PasswordAuthentication=no", "-o", "PermitRootLogin=prohibit-password",
            ])
        {
            start.ArgumentList.Add(word);
        }

        var process = Process.Start(start)!;
        var line = process.StandardError.ReadLine();
        _ = process.StandardError.ReadToEndAsync();
        return line?.Contains("listening", StringComparison.OrdinalIgnoreCase) == true ? process : throw new InvalidOperationException("sshd: " + line);
    }
}
