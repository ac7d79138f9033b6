using Slipway.Build.Graph;
using Slipway.Engine;
using Slipway.Engine.Layers;

namespace Slipway.Build.Context;

/// <summary>The context of a classic build, wherever it comes from.</summary>
/// <param name="Files">Its files.</param>
/// <param name="Dockerfile">The Dockerfile's text when that is all there is; null when it is one of the files.</param>
public sealed record RemoteContext(BuildContext Files, byte[]? Dockerfile) : IDisposable
{
    private const int MostText = 4 << 20;

    /// <summary>Receives it from the client as a tar stream.</summary>
    /// <exception cref="EngineException">InvalidArgument when it is no archive.</exception>
    public static async Task<RemoteContext> ReceiveAsync(SlipwayEngine engine, Stream body, CancellationToken cancel) =>
        new(await BuildContext.ReceiveAsync(engine, body, cancel).ConfigureAwait(false), null);

    /// <summary>Fetches it: a git repository, an archive, or the text of a Dockerfile.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="remote">The address.</param>
    /// <param name="cancel">Stops fetching.</param>
    /// <exception cref="EngineException">InvalidArgument when it cannot be had.</exception>
    public static async Task<RemoteContext> OpenAsync(Builder builder, string remote, CancellationToken cancel)
    {
        if (ParseGit(remote) is { } git)
        {
            return new RemoteContext(await new GitCheckout(builder).FetchAsync(git, cancel).ConfigureAwait(false), null);
        }

        using var response = await RemoteFile.OpenAsync(remote, cancel).ConfigureAwait(false);
        var body = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            return await DetectAsync(builder.Engine, body, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Receives an archive or the text of a Dockerfile, whichever it is.</summary>
    /// <exception cref="EngineException">InvalidArgument when it is neither.</exception>
    public static async Task<RemoteContext> DetectAsync(SlipwayEngine engine, Stream body, CancellationToken cancel)
    {
        var head = new byte[Math.Max(512, Decompression.Needed)];
        head = head[..await body.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false)];
        var whole = new ConcatenatedStream(head, body);
        return Decompression.Detect(head) != Packing.None || (head.Length >= 262 && head.AsSpan(257, 5).SequenceEqual("ustar"u8))
            ? new RemoteContext(await BuildContext.ReceiveAsync(engine, whole, cancel).ConfigureAwait(false), null)
            : new RemoteContext(BuildContext.CreateEmpty(engine), await ReadTextAsync(whole, cancel).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public void Dispose() => Files.Dispose();

    // url#ref:directory
    internal static GitSource? ParseGit(string remote)
    {
        var (address, fragment) = remote.IndexOf('#', StringComparison.Ordinal) is var at and >= 0 ? (remote[..at], remote[(at + 1)..]) : (remote, "");
        var isGit = address.StartsWith("git://", StringComparison.Ordinal) || address.StartsWith("git@", StringComparison.Ordinal)
            || address.StartsWith("ssh://", StringComparison.Ordinal) || address.StartsWith("github.com/", StringComparison.Ordinal)
            || (address.StartsWith("http", StringComparison.Ordinal) && address.EndsWith(".git", StringComparison.Ordinal));
        if (!isGit)
        {
            return null;
        }

        var colon = fragment.IndexOf(':', StringComparison.Ordinal);
        return new GitSource
        {
            Name = "[internal] load git source",
            Platform = Oci.Platform.Host,
            Remote = address.StartsWith("github.com/", StringComparison.Ordinal) ? "https://" + address : address,
            Ref = colon < 0 ? fragment : fragment[..colon],
            Subdirectory = colon < 0 ? "" : fragment[(colon + 1)..],
        };
    }

    private static async Task<byte[]> ReadTextAsync(Stream stream, CancellationToken cancel)
    {
        var text = new byte[MostText];
        var length = await stream.ReadAtLeastAsync(text, text.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        return length < MostText ? text[..length] : throw EngineException.Invalid("the remote Dockerfile is too large");
    }
}

/// <summary>Bytes that were read ahead, then the rest of the stream.</summary>
internal sealed class ConcatenatedStream(byte[] head, Stream rest) : Stream
{
    private int _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_at == head.Length)
        {
            return await rest.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }

        var count = Math.Min(buffer.Length, head.Length - _at);
        head.AsMemory(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
