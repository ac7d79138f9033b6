namespace Slipway.Engine.Logs;

/// <summary>A log to be read, and what is known of the container that writes it.</summary>
/// <param name="Path">The file that conmon writes; rotated ones lie beside it.</param>
/// <param name="Attributes">What details show.</param>
/// <param name="IsProducing">Whether more may come: the container runs, or will be restarted.</param>
/// <param name="NextEnd">A task that completes when the present run ends, after which <paramref name="IsProducing"/> is worth asking again.</param>
public sealed record LogSource(string Path, IReadOnlyDictionary<string, string> Attributes, Func<bool> IsProducing, Func<Task> NextEnd);
