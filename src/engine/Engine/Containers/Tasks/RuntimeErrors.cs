namespace Slipway.Engine.Containers.Tasks;

/// <summary>Failures of the OCI runtime in the words that Docker's clients look for: they choose exit codes 126 and 127 by them.</summary>
internal static class RuntimeErrors
{
    /// <summary>The error for a container that the runtime would not create.</summary>
    /// <param name="message">What the runtime wrote to its stderr.</param>
    internal static EngineException CreateFailed(string message) =>
        EngineException.Invalid("failed to create task for container: failed to create shim task: OCI runtime create failed: " + Clean(message) + ": unknown");

    /// <summary>The error for an exec that the runtime would not start.</summary>
    /// <param name="message">What the runtime wrote to its stderr.</param>
    internal static EngineException ExecFailed(string message)
    {
        const string runcs = "exec failed: ";
        var text = Clean(message);
        return EngineException.Invalid($"OCI runtime exec failed: {(text.StartsWith(runcs, StringComparison.Ordinal) ? "" : runcs)}{text}: unknown");
    }

    /// <summary>The exit code that Docker records for a program that could not be started: 127 not found, 126 not executable.</summary>
    /// <param name="message">What the runtime said.</param>
    /// <param name="otherwise">Any other reason: 128 for containers, 126 for execs.</param>
    internal static int ExitCodeFor(string message, int otherwise = 128)
    {
        if (message.Contains("executable file not found", StringComparison.Ordinal) || message.Contains("no such file or directory", StringComparison.Ordinal))
        {
            return 127;
        }

        return message.Contains("permission denied", StringComparison.Ordinal) || message.Contains("is a directory", StringComparison.Ordinal) || message.Contains("not a directory", StringComparison.Ordinal)
            ? 126
            : otherwise;
    }

    // What crun says for a program that it cannot run, and what runc says.
    private static string InRuncsWords(string text)
    {
        const string before = "executable file `";
        const string after = "` not found";
        const string unable = "unable to start container process: exec: ";
        if (text.StartsWith(before, StringComparison.Ordinal) && text.LastIndexOf(after, StringComparison.Ordinal) is > 0 and var end)
        {
            var program = text[before.Length..end];
            return program.Contains('/', StringComparison.Ordinal)
                ? $"{unable}\"{program}\": stat {program}: no such file or directory"
                : $"{unable}\"{program}\": executable file not found in $PATH";
        }

        return text switch
        {
            // It looks whether the program is a regular file.
            "open executable: Operation not permitted" => unable + "open executable: is a directory",
            "open executable: Permission denied" => unable + "open executable: permission denied",
            _ => text
                .Replace(": No such file or directory", ": no such file or directory", StringComparison.Ordinal)
                .Replace(": Not a directory", ": not a directory", StringComparison.Ordinal)
                .Replace(": Permission denied", ": permission denied", StringComparison.Ordinal),
        };
    }

    // runc logs `time="…" level=error msg="…"` or plain text, depending on where it fails.
    private static string Clean(string message)
    {
        var text = message.Trim();
        var start = text.IndexOf("msg=\"", StringComparison.Ordinal);
        if (start >= 0)
        {
            text = text[(start + 5)..];
            var end = text.LastIndexOf('"');
            text = (end >= 0 ? text[..end] : text).Replace("\\\"", "\"", StringComparison.Ordinal);
        }

        return InRuncsWords(text);
    }
}
