using Slipway.Oci;

namespace Slipway.Cli.Registry;

/// <summary>A manifest or index as it is stored.</summary>
/// <param name="MediaType">What it is.</param>
/// <param name="Content">Its bytes.</param>
internal sealed record Document(string MediaType, byte[] Content)
{
    public Digest Digest { get; } = Oci.Digest.Of(Content);
}

/// <summary>Somewhere images can be copied from and to: a repository of a registry, an OCI layout in a directory, or one in an archive.</summary>
internal abstract class ImagePlace : IAsyncDisposable
{
    /// <summary>A manifest or index.</summary>
    /// <param name="reference">Tag or digest; empty for the one that the place was named with.</param>
    public abstract Task<Document?> FindAsync(string reference);

    public abstract Task<Stream> OpenAsync(Descriptor blob);

    /// <summary>Takes what is there already, or what can be had from the source without carrying it.</summary>
    public abstract Task<bool> HasAsync(Descriptor blob, ImagePlace source);

    public abstract Task WriteAsync(Descriptor blob, Stream content);

    /// <summary>Stores a manifest.</summary>
    /// <param name="document">The manifest.</param>
    /// <param name="reference">Tag or digest; empty for the name that the place was named with.</param>
    public abstract Task WriteAsync(Document document, string reference);

    /// <summary>Manifests that speak of another: signatures, attestations.</summary>
    public virtual Task<IReadOnlyList<Descriptor>> ReferrersAsync(Digest subject) => Task.FromResult<IReadOnlyList<Descriptor>>([]);

    public abstract ValueTask DisposeAsync();
}
