using System.Diagnostics;
using Slipway.Platform.Model;
using Slipway.Platform.Secrets;

namespace Slipway.Platform.Sources;

/// <summary>A private key in a file that exists while git needs it, and how ssh is told about it. Host keys are accepted once and pinned from then on.</summary>
internal sealed class DeployKeyFile : IDisposable
{
    private readonly string? _path;

    private DeployKeyFile(string? path, IReadOnlyDictionary<string, string> environment) => (_path, Environment) = (path, environment);

    /// <summary>Variables for git.</summary>
    internal IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>Writes the key, if there is one.</summary>
    internal static DeployKeyFile Write(string directory, string? key)
    {
        if (key is null)
        {
            return new DeployKeyFile(null, new Dictionary<string, string> { ["GIT_SSH_COMMAND"] = "false" });
        }

        var path = Path.Combine(directory, "key-" + Identity.New());
        PrivateFile.Write(path, key);
        var hosts = Path.Combine(directory, "known_hosts");
        return new DeployKeyFile(path, new Dictionary<string, string>
        {
            // git splits this at spaces; the paths are ours and have none that it would trip over.
            ["GIT_SSH_COMMAND"] = $"ssh -F /dev/null -i '{path}' -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile='{hosts}' -o ConnectTimeout=20",
        });
    }

    /// <summary>Makes a pair of ed25519 keys with ssh-keygen.</summary>
    internal static async Task<(string Private, string Public)> GenerateAsync(string directory, string comment, CancellationToken cancellation)
    {
        var path = Path.Combine(directory, "key-" + Identity.New());
        try
        {
            var start = new ProcessStartInfo("ssh-keygen") { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (var argument in (string[])["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])
            {
                start.ArgumentList.Add(argument);
            }

            using var process = Process.Start(start) ?? throw new PlatformException(Refusal.Unavailable, "ssh-keygen cannot be started");
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
            return (await File.ReadAllTextAsync(path, cancellation).ConfigureAwait(false), (await File.ReadAllTextAsync(path + ".pub", cancellation).ConfigureAwait(false)).Trim());
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or FileNotFoundException)
        {
            throw new PlatformException(Refusal.Unavailable, "a deploy key needs ssh-keygen (package openssh-client)", e);
        }
        finally
        {
            File.Delete(path);
            File.Delete(path + ".pub");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_path is not null)
        {
            File.Delete(_path);
        }
    }
}
