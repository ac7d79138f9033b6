namespace Slipway.Packs;

/// <summary>Why no plan could be made, in words for the person who deploys: what was looked for, where, and what would help.</summary>
/// <param name="message">One or more lines.</param>
public sealed class PackException(string message) : Exception(message);
