using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Slipway.Client.Tunnels;

/// <summary>Reaches the engine of another machine through <c>ssh</c> and <c>slipway system dial-stdio</c> there; ssh says itself what goes wrong.</summary>
internal static class SshTunnel
{
    internal static async ValueTask<Socket> OpenAsync(EngineAddress address, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo("ssh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        List<string> arguments = ["-T", "-o", "ConnectTimeout=30"];
        if (address.User.Length > 0)
        {
            arguments.AddRange(["-l", address.User]);
        }

        if (address.Port > 0)
        {
            arguments.AddRange(["-p", address.Port.ToString(CultureInfo.InvariantCulture)]);
        }

        // The far end's shell sees these words; a path is quoted for it.
        arguments.AddRange(["--", address.Host, "slipway"]);
        if (address.RemoteHost is { Length: > 0 } host)
        {
            arguments.AddRange(["-H", "'" + host.Replace("'", "'\\''", StringComparison.Ordinal) + "'"]);
        }

        arguments.AddRange(["system", "dial-stdio"]);
        arguments.ForEach(start.ArgumentList.Add);
        try
        {
            var ssh = Process.Start(start)!;
            var output = ssh.StandardInput.BaseStream;
            return await Tunnel.OpenAsync(ssh.StandardOutput.BaseStream, output, () => output.DisposeAsync().AsTask(), ssh).ConfigureAwait(false);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new IOException($"cannot run ssh: {e.Message}", e);
        }
    }
}
