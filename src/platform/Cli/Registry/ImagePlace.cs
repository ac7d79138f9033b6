using Slipway.Oci;

namespace Slipway.Cli.Registry;

/// <summary>A manifest or index as it is stored.</summary>
/// <param name="MediaType">What it is.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="Name">The digest that it was asked for by; null for a tag.</param>
internal sealed record Document(string MediaType, byte[] Content, Digest? Name = null)
{
    public Digest Digest { get; } = Name ?? Oci.Digest.Of(Content);

    /// <summary>The manifest it speaks of, or null.</summary>
    public Digest? Subject => (MediaTypes.IsIndex(MediaType) ? Oci.Index.Parse(Content).Subject : Manifest.Parse(Content).Subject)?.Digest;

    /// <summary>Itself, if it is what its digest says.</summary>
    /// <exception cref="CommandException">It is not.</exception>
    public Document Checked() => Hashes.Of(Digest.Algorithm, Content) is var actual && actual == Digest ? this : throw new CommandException($"manifest {Digest} does not match its digest: it is {actual}");
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
