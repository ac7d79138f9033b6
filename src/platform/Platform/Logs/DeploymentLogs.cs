using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Slipway.Platform.Secrets;
using Slipway.Platform.Settings;

namespace Slipway.Platform.Logs;

/// <summary>A line of a log.</summary>
/// <param name="Time">When, as RFC 3339.</param>
/// <param name="Text">What.</param>
public sealed record LogLine(string Time, string Text);

/// <summary>The logs of deployments: written while they run, followed live, read later.</summary>
public sealed class DeploymentLogs(ServerOptions options, TimeProvider time)
{
    private readonly string _root = PrivateFile.Directory(Path.Combine(options.DataRoot, "logs"));
    private readonly ConcurrentDictionary<string, DeploymentLog> _open = new(StringComparer.Ordinal);

    /// <summary>Lines from the beginning, and new ones until the deployment has ended.</summary>
    /// <param name="deploymentId">Identity of the deployment.</param>
    /// <param name="follow">Whether to wait for new lines.</param>
    /// <param name="cancellation">Ends following.</param>
    public async IAsyncEnumerable<LogLine> ReadAsync(string deploymentId, bool follow, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        if (!File.Exists(PathOf(deploymentId)))
        {
            yield break;
        }

        var file = new FileStream(PathOf(deploymentId), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        await using var _ = file.ConfigureAwait(false);
        using var reader = new StreamReader(file);
        while (true)
        {
            // Taken before reading: what is written meanwhile completes it.
            var log = _open.GetValueOrDefault(deploymentId);
            var changed = log?.Changed;
            while (await reader.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
            {
                var space = line.IndexOf(' ', StringComparison.Ordinal);
                yield return space > 0 ? new LogLine(line[..space], line[(space + 1)..]) : new LogLine("", line);
            }

            if (!follow || changed is null)
            {
                yield break;
            }

            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    // The one that followers wait for, from the queue to the end.
    internal DeploymentLog Open(string deploymentId) => _open.GetOrAdd(deploymentId, id => new DeploymentLog(PathOf(id), time));

    internal void Close(string deploymentId)
    {
        if (_open.TryRemove(deploymentId, out var log))
        {
            log.Dispose();
        }
    }

    internal void Remove(string deploymentId) => File.Delete(PathOf(deploymentId));

    private string PathOf(string deploymentId) => Path.Combine(_root, deploymentId + ".log");
}
