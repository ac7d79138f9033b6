using Slipway.Cli.Streams;
using Slipway.Client;

namespace Slipway.Cli.Verbs.Builds;

/// <summary>What a build reads from standard input, if anything: its context, its Dockerfile, or neither.</summary>
/// <param name="Context">The context as a directory or address; empty when it comes as a stream, or is nothing.</param>
/// <param name="Stream">The context as a tar stream; null for none.</param>
/// <param name="Dockerfile">The Dockerfile's text; null for a file.</param>
internal sealed record BuildInput(string Context, Stream? Stream, byte[]? Dockerfile) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Stream?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <exception cref="CommandException">Both are to come from standard input.</exception>
    public static async Task<BuildInput> OpenAsync(Invocation call)
    {
        string context = call.Arguments[0];
        bool piped = call.Flags.String("file") == "-";
        if (context != "-")
        {
            return new BuildInput(context, null, piped ? await ReadAsync(Console.OpenStandardInput()) : null);
        }

        if (piped)
        {
            throw new CommandException("invalid argument: can't use stdin for both build context and dockerfile");
        }

        Stream input = Console.OpenStandardInput();
        byte[] head = new byte[512];
        head = head[..await input.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false)];
        PrefixedStream whole = new(head, input);
        return BuildSource.IsArchive(head) ? new BuildInput("", whole, null) : new BuildInput("", null, await ReadAsync(whole));
    }

    private static async Task<byte[]> ReadAsync(Stream input)
    {
        MemoryStream all = new();
        await input.CopyToAsync(all);
        return all.ToArray();
    }
}
