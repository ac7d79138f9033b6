using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Engine.Steps;

/// <summary>What a layer's content is, known once its archive has been written.</summary>
/// <param name="DiffId">Digest of the plain tar, which is also the blob's.</param>
/// <param name="ChainId">Names the stack that the layer tops.</param>
/// <param name="Blob">The layer as a manifest names it.</param>
/// <param name="Size">Bytes of its regular files.</param>
public sealed record LayerContent(Digest DiffId, Digest ChainId, Descriptor Blob, long Size);

/// <summary>
/// One layer of a stack that a build works on: a directory that can be stacked at once, and its content, which is worked out meanwhile.
/// </summary>
public sealed class StepLayer
{
    internal StepLayer(StepLayer? below, string directory, Task<LayerContent> content, BlobWriter? blob, long number) =>
        (Below, Directory, Content, Blob, Number) = (below, directory, content, blob, number);

    /// <summary>The layer below; null for the bottom.</summary>
    public StepLayer? Below { get; }

    /// <summary>Its files, in the form that overlayfs stacks.</summary>
    public string Directory { get; }

    /// <summary>What it is. Fails when its archive cannot be written.</summary>
    public Task<LayerContent> Content { get; }

    /// <summary>The stack's directories, topmost first.</summary>
    public static IReadOnlyList<string> Directories(StepLayer? top)
    {
        var directories = new List<string>();
        for (var layer = top; layer is not null; layer = layer.Below)
        {
            directories.Add(layer.Directory);
        }

        return directories;
    }

    /// <summary>The content of every layer, bottom first.</summary>
    public static async Task<IReadOnlyList<LayerContent>> ContentsAsync(StepLayer? top)
    {
        var contents = new List<LayerContent>();
        for (var layer = top; layer is not null; layer = layer.Below)
        {
            contents.Add(await layer.Content.ConfigureAwait(false));
        }

        contents.Reverse();
        return contents;
    }

    /// <summary>The archive that is not published yet; null for a layer that is known to the engine.</summary>
    internal BlobWriter? Blob { get; }

    /// <summary>Number of its directory among the snapshots.</summary>
    internal long Number { get; }

    /// <summary>Whether it is there to stay.</summary>
    public bool IsCommitted { get; internal set; }
}
