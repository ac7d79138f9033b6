using System.Diagnostics;
using Slipway.Platform.Model;
using Slipway.Platform.Secrets;

namespace Slipway.Platform.Sources;

/// <summary>A private key in a file that exists while git needs it, and how ssh is told about it. Host keys are accepted once and pinned from then on.</summary>
internal sealed class DeployKeyFile : IDisposable
{
    private readonly string _directory;
    private readonly string? _path;

    private DeployKeyFile(string directory, string? path) => (_directory, _path) = (directory, path);

    /// <summary>Writes the key, if there is one.</summary>
    internal static DeployKeyFile Write(string directory, string? key)
    {
        var path = key is null ? null : Path.Combine(directory, "key-" + Identity.New());
        if (path is not null)
        {
            PrivateFile.Write(path, key!);
        }

        return new DeployKeyFile(directory, path);
    }

    /// <summary>Variables for git: which ssh it runs. Without a key there is none.</summary>
    /// <param name="url">Where to.</param>
    /// <param name="addresses">The addresses that were checked, the first of which is called; none to look the name up again.</param>
    internal IReadOnlyDictionary<string, string> Environment(GitUrl url, IReadOnlyList<System.Net.IPAddress> addresses) => new Dictionary<string, string>
    {
        // git splits this at spaces; no word has one.
        ["GIT_SSH_COMMAND"] = _path is null || url.Scheme != "ssh" ? "false" : string.Join(' ', ["ssh", .. Options(url, addresses)]),
    };

    /// <summary>Options of ssh for a host.</summary>
    internal IEnumerable<string> Options(GitUrl url, IReadOnlyList<System.Net.IPAddress> addresses)
    {
        List<string> options =
        [
            "-F", "/dev/null", "-i", _path ?? throw new PlatformException(Refusal.Invalid, "this address needs a deploy key"), "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new",
            "-o", "UserKnownHostsFile=" + Path.Combine(_directory, "known_hosts"), "-o", "ConnectTimeout=20",
        ];
        return addresses is [var address, ..] ? [.. options, "-o", $"HostName={address}", "-o", $"HostKeyAlias={(url.Port == 22 ? url.Host : $"[{url.Host}]:{url.Port}")}"] : options;
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
