namespace Slipway.Cli.Options;

/// <summary>What the user typed cannot be understood; shown with the verb's usage line.</summary>
/// <param name="message">Text in docker's words.</param>
/// <param name="exitCode">125 for flags, 1 for the number of arguments, as docker.</param>
internal sealed class UsageException(string message, int exitCode = 125) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
