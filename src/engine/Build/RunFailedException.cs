namespace Slipway.Build;

/// <summary>A command of a build ended with an error. The message is the classic builder's.</summary>
public sealed class RunFailedException(string command, int exitCode) : Exception($"The command '{command}' returned a non-zero code: {exitCode}")
{
    /// <summary>The command.</summary>
    public string Command { get; } = command;

    /// <summary>Its exit code.</summary>
    public int ExitCode { get; } = exitCode;
}
