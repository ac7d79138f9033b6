using System.Diagnostics;
using System.Text;

namespace Slipway.Platform.Sources;

/// <summary>
/// Runs git: argument vectors, an environment of our own (no configuration of the machine or the user, no prompts, no hooks, listed
/// protocols only), bounded output, an end at cancellation.
/// </summary>
internal sealed class Git(string home)
{
    private const int MaxOutput = 1024 * 1024;
    private const int MaxPushBytes = 1024 * 1024 * 1024;

    private static readonly string[] s_settings =
    [
        "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.symlinks=true", "core.protectHFS=true", "core.protectNTFS=true", "credential.helper=", "protocol.allow=never", "protocol.https.allow=always",
        "protocol.ssh.allow=always", "http.followRedirects=false", "http.lowSpeedLimit=1000", "http.lowSpeedTime=60", "transfer.fsckObjects=true", "fetch.recurseSubmodules=false", "submodule.recurse=false",
        "uploadpack.allowAnySHA1InWant=false", "receive.denyDeletes=false", "receive.autogc=false", "gc.auto=0", $"receive.maxInputSize=1073741824", "init.defaultBranch=main", "safe.directory=*", "advice.detachedHead=false",
    ];

    /// <summary>Settings of one call, such as <c>protocol.file.allow=always</c>.</summary>
    internal IReadOnlyList<string> Settings { get; init; } = [];

    /// <summary>Further variables of the environment.</summary>
    internal IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>How much a push may bring, in bytes.</summary>
    internal static int Quota => MaxPushBytes;

    /// <summary>Runs git to its end.</summary>
    /// <returns>Its standard output.</returns>
    /// <exception cref="PlatformException">It failed; the message is git's last line.</exception>
    internal async Task<string> RunAsync(CancellationToken cancellation, params IReadOnlyList<string> arguments)
    {
        using var process = Start(arguments);
        process.StandardInput.Close();
        using var output = new MemoryStream();
        await FinishAsync(process, stream => BoundedCopyAsync(stream, output, MaxOutput, cancellation), arguments, cancellation).ConfigureAwait(false);
        return Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length);
    }

    /// <summary>Runs git with something on its standard input.</summary>
    /// <returns>Its standard output.</returns>
    internal async Task<string> FeedAsync(Func<Stream, Task> write, CancellationToken cancellation, params IReadOnlyList<string> arguments)
    {
        using var process = Start(arguments);
        using var output = new MemoryStream();
        var feed = FeedAsync(process, write);
        try
        {
            await FinishAsync(process, stream => BoundedCopyAsync(stream, output, MaxOutput, cancellation), arguments, cancellation).ConfigureAwait(false);
        }
        finally
        {
            // What went wrong with the source is the more interesting error.
            await feed.ConfigureAwait(false);
        }

        return Encoding.UTF8.GetString(output.GetBuffer(), 0, (int)output.Length);
    }

    /// <summary>Runs git and hands its standard output over as it comes.</summary>
    internal async Task ReadAsync(Func<Stream, Task> read, CancellationToken cancellation, params IReadOnlyList<string> arguments)
    {
        using var process = Start(arguments);
        process.StandardInput.Close();
        await FinishAsync(process, read, arguments, cancellation).ConfigureAwait(false);
    }

    /// <summary>Runs git between two streams, as a server of git's protocol.</summary>
    internal async Task ServeAsync(Stream input, Stream output, CancellationToken cancellation, params IReadOnlyList<string> arguments)
    {
        using var process = Start(arguments);
        var feed = FeedAsync(process, stdin => BoundedCopyAsync(input, stdin, MaxPushBytes, cancellation));
        await FinishAsync(process, stdout => stdout.CopyToAsync(output, cancellation), arguments, cancellation).ConfigureAwait(false);
        await feed.ConfigureAwait(false);
    }

    private static async Task FeedAsync(Process process, Func<Stream, Task> write)
    {
        try
        {
            await write(process.StandardInput.BaseStream).ConfigureAwait(false);
        }
        catch (IOException) when (process.HasExited)
        {
            // git ended early and says why.
        }
        catch
        {
            Kill(process);
            throw;
        }
        finally
        {
            try
            {
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It does not listen any more.
            }
        }
    }

    private static async Task FinishAsync(Process process, Func<Stream, Task> read, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        using var errors = new MemoryStream();
        try
        {
            await Task.WhenAll(read(process.StandardOutput.BaseStream), BoundedCopyAsync(process.StandardError.BaseStream, errors, MaxOutput, cancellation)).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellation).ConfigureAwait(false);
        }
        catch
        {
            Kill(process);
            throw;
        }

        if (process.ExitCode != 0)
        {
            var lines = Encoding.UTF8.GetString(errors.GetBuffer(), 0, (int)errors.Length).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            var reason = lines.LastOrDefault(line => line.StartsWith("fatal:", StringComparison.Ordinal) || line.StartsWith("error:", StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? $"exit code {process.ExitCode}";
            throw new PlatformException(Refusal.Unavailable, $"git {CommandOf(arguments)}: {reason}");
        }
    }

    private static string CommandOf(IReadOnlyList<string> arguments) => arguments.Where((word, index) => word[0] is not ('-' or '/') && (index == 0 || arguments[index - 1] != "-C")).FirstOrDefault("");

    private static async Task BoundedCopyAsync(Stream source, Stream target, long limit, CancellationToken cancellation)
    {
        var buffer = new byte[64 * 1024];
        for (int count; (count = await source.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0; limit -= count)
        {
            if (count > limit)
            {
                throw new PlatformException(Refusal.TooLarge, "that is more than git may send or receive here");
            }

            await target.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended already.
        }
    }

    private Process Start(IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo("git") { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = home };
        start.Environment.Clear();
        foreach (var (name, value) in Environment.Concat(
        [
            new("PATH", "/usr/local/bin:/usr/bin:/bin"), new("HOME", home), new("LC_ALL", "C"), new("GIT_CONFIG_NOSYSTEM", "1"), new("GIT_CONFIG_GLOBAL", "/dev/null"),
            new("GIT_TERMINAL_PROMPT", "0"), new("GIT_ASKPASS", "/bin/false"), new("GIT_ATTR_NOSYSTEM", "1"), new("GIT_NO_REPLACE_OBJECTS", "1"), new("GIT_OPTIONAL_LOCKS", "0"),
            new("GIT_AUTHOR_NAME", "Slipway"), new("GIT_AUTHOR_EMAIL", "slipway@localhost"), new("GIT_COMMITTER_NAME", "Slipway"), new("GIT_COMMITTER_EMAIL", "slipway@localhost"),
        ]))
        {
            start.Environment[name] = value;
        }

        foreach (var setting in s_settings.Concat(Settings))
        {
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add(setting);
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Process.Start(start) ?? throw new PlatformException(Refusal.Unavailable, "git cannot be started");
    }
}
