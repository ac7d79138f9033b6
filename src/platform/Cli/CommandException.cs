namespace Slipway.Cli;

/// <summary>A verb cannot go on; the message is for the user.</summary>
internal sealed class CommandException(string message) : Exception(message);
