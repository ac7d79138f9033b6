using Slipway.Engine.Content;
using Slipway.Engine.Snapshots;
using Slipway.Oci;

namespace Slipway.Engine.Images.Receive;

/// <summary>An image in the form in which it was pushed: its plain layers packed.</summary>
/// <param name="Target">The new manifest.</param>
/// <param name="Manifest">Its bytes.</param>
/// <param name="Layers">The packed layers that are new, complete.</param>
public sealed record PackedForm(Descriptor Target, byte[] Manifest, IReadOnlyList<BlobWriter> Layers);

/// <summary>Notes where an image was pushed to. An image that was packed for it is kept in that form, so that nothing is packed twice.</summary>
public sealed class RecordPush(ContentStore content, Snapshotter snapshots, ImageTable images)
{
    /// <summary>Gives the image the name it has at the registry.</summary>
    /// <param name="image">The image as it was when the push began.</param>
    /// <param name="digestName">Repository and digest, in full form.</param>
    /// <param name="packed">The form that was pushed, when it is not the stored one.</param>
    /// <param name="cancel">Stops waiting.</param>
    public async Task RunAsync(Image image, string digestName, PackedForm? packed, CancellationToken cancel)
    {
        if (packed is null)
        {
            await images.AddNamesAsync(image, [], [digestName]).ConfigureAwait(false);
            return;
        }

        using var manifest = content.BeginWrite();
        manifest.Write(packed.Manifest);
        manifest.Check(packed.Target.Digest, packed.Target.Size);
        await Task.Run(snapshots.Flush, cancel).ConfigureAwait(false);
        content.Publish([.. packed.Layers.Where(blob => !blob.IsPublished), manifest]);
        await images.Gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            await ReplaceAsync(image.Record.Target.Digest, digestName, packed.Target).ConfigureAwait(false);
        }
        finally
        {
            images.Gate.Release();
        }
    }

    private async Task ReplaceAsync(Digest old, string digestName, Descriptor target)
    {
        // Removed meanwhile: then there is nothing to keep, and the new blobs are collected like others.
        if (images.All.FirstOrDefault(other => other.Record.Target.Digest == old) is not { Record: var record })
        {
            return;
        }

        var there = images.All.FirstOrDefault(other => other.Record.Target.Digest == target.Digest)?.Record;
        await images.CommitAsync(
            [record with
            {
                Target = target,
                ManifestDigest = target.Digest,
                Names = [.. record.Names.Union(there?.Names ?? [])],
                Digests = [.. record.Digests.Union(there?.Digests ?? []).Append(digestName).Distinct()],
            }],
            old == target.Digest ? [] : [old]).ConfigureAwait(false);
    }
}
