namespace Slipway.Cli;

/// <summary>A verb cannot go on; the message is for the user.</summary>
/// <param name="message">For the user.</param>
/// <param name="exitCode">What the client ends with.</param>
internal sealed class CommandException(string message, int exitCode = 1) : Exception(message)
{
    /// <summary>What the client ends with.</summary>
    public int ExitCode => exitCode;
}
