namespace Slipway.Engine.Containers.Tasks;

/// <summary>Failures of the OCI runtime in the words that Docker's clients look for: they choose exit codes 126 and 127 by them.</summary>
internal static class RuntimeErrors
{
    /// <summary>The error for a container or exec that the runtime would not create.</summary>
    /// <param name="message">What the runtime wrote to its stderr.</param>
    internal static EngineException CreateFailed(string message) =>
        EngineException.Invalid("failed to create task for container: failed to create shim task: OCI runtime create failed: " + Clean(message) + ": unknown");

    /// <summary>The error for an exec that the runtime would not start.</summary>
    internal static EngineException ExecFailed(string message) => EngineException.Invalid("OCI runtime exec failed: " + Clean(message) + ": unknown");

    /// <summary>The exit code that Docker records for a container whose program could not be started: 127 not found, 126 not executable, else 128.</summary>
    internal static int ExitCodeFor(string message)
    {
        if (message.Contains("executable file not found", StringComparison.Ordinal) || message.Contains("no such file or directory", StringComparison.Ordinal))
        {
            return 127;
        }

        return message.Contains("permission denied", StringComparison.Ordinal) || message.Contains("is a directory", StringComparison.Ordinal) || message.Contains("not a directory", StringComparison.Ordinal)
            ? 126
            : 128;
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

        return text;
    }
}
