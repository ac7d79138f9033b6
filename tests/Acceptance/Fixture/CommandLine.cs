using System.Diagnostics;
using System.Text;

namespace Slipway.Acceptance.Fixture;

/// <summary>A client's program that is running.</summary>
internal sealed class CommandLine : IDisposable
{
    private readonly string _text;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();
    private readonly Task _read;

    private CommandLine(Process process, string text)
    {
        (Process, _text) = (process, text);
        _read = Task.WhenAll(CollectAsync(process.StandardOutput, _output), CollectAsync(process.StandardError, _error));
    }

    /// <summary>The process.</summary>
    internal Process Process { get; }

    /// <summary>Standard error so far.</summary>
    internal string ErrorSoFar => Snapshot(_error);

    /// <summary>Standard output so far.</summary>
    internal string Output => Snapshot(_output);

    /// <summary>Starts a program.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="home">Directory that it takes for its configuration.</param>
    internal static CommandLine Start(string program, IReadOnlyList<string> arguments, string home)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = home,
        };
        start.Environment["HOME"] = start.Environment["DOCKER_CONFIG"] = home;
        start.Environment["DOCKER_CLI_HINTS"] = "false";
        start.Environment["TERM"] = "xterm";
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new CommandLine(Process.Start(start)!, $"{Path.GetFileName(program)} {string.Join(' ', arguments)}");
    }

    /// <summary>Writes to its standard input.</summary>
    internal async Task WriteAsync(string text)
    {
        await Process.StandardInput.WriteAsync(text);
        await Process.StandardInput.FlushAsync();
    }

    /// <summary>Closes its standard input and waits for its end.</summary>
    /// <exception cref="TimeoutException">It did not end in time; what it has said so far is in the message.</exception>
    internal async Task<Outcome> EndAsync(double seconds = 30, bool closeInput = true)
    {
        if (closeInput)
        {
            Process.StandardInput.Close();
        }

        try
        {
            await Task.WhenAll(Process.WaitForExitAsync(), _read).WaitAsync(TimeSpan.FromSeconds(seconds), TimeProvider.System);
        }
        catch (TimeoutException)
        {
            Process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{_text}\nnot ended within {seconds} s\nstdout: {Output}\nstderr: {Snapshot(_error)}");
        }

        return new Outcome(_text, Process.ExitCode, Output, Snapshot(_error));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);
        }

        Process.Dispose();
    }

    private static string Snapshot(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    private static async Task CollectAsync(StreamReader reader, StringBuilder text)
    {
        var buffer = new char[4096];
        for (int count; (count = await reader.ReadAsync(buffer)) > 0;)
        {
            lock (text)
            {
                text.Append(buffer, 0, count);
            }
        }
    }
}
