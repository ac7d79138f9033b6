using Slipway.Distribution.Authorization;
using Slipway.Distribution.Fetching;
using Slipway.Engine;
using Slipway.Engine.Images;
using Slipway.Oci;

namespace Slipway.Distribution;

/// <summary>What became of one damage.</summary>
/// <param name="Object">Whose content it was.</param>
/// <param name="Reason">What was wrong.</param>
/// <param name="Repaired">Whether it is right again.</param>
public sealed record CheckedDamage(string Object, string Reason, bool Repaired);

/// <summary><c>system check</c>: verifies all content and, if asked, fetches what is damaged from a registry that the image came from or went to, and unpacks damaged layers anew.</summary>
public sealed class RepairContent
{
    private readonly SlipwayEngine _engine;
    private readonly PullImage _pull;
    private readonly SeekContent _seek;
    private readonly CheckContent _check;

    internal RepairContent(SlipwayEngine engine, PullImage pull, SeekContent seek) =>
        (_engine, _pull, _seek, _check) = (engine, pull, seek, new CheckContent(engine.Content, engine.Images, engine.Repositories, engine.State));

    /// <summary>Checks, and repairs if asked.</summary>
    public async Task<IReadOnlyList<CheckedDamage>> RunAsync(bool repair, CancellationToken cancel)
    {
        var found = await Task.Run(() => _check.Run(cancel), cancel).ConfigureAwait(false);
        if (repair)
        {
            foreach (var image in found.Where(damage => damage.Sources.Count > 0).GroupBy(damage => damage.Object))
            {
                await FetchAsync([.. image.Select(damage => damage.Blob).OfType<Digest>().Distinct()], image.First().Sources, cancel).ConfigureAwait(false);
            }

            foreach (var damage in found.Where(damage => damage is { Repository: not null, Blob: { } blob } && !IsSound(blob)))
            {
                await _seek.RunAsync(damage.Repository!, damage.Blob!.Value, damage.Size, cancel).ConfigureAwait(false);
            }
        }

        var layers = await _engine.CheckSnapshots.RunAsync(repair, cancel).ConfigureAwait(false);
        return
        [
            .. found.Select(damage => new CheckedDamage(damage.Object, damage.Reason, repair && damage.Blob is { } blob && IsSound(blob))),
            .. layers.Select(damage => new CheckedDamage($"snapshot {damage.Snapshot} of image {damage.Image}", damage.Reason, damage.Repaired)),
        ];
    }

    // The damaged file is put aside, so that it counts as missing, and comes back when nobody has it: a part of it may still be of use.
    private async Task FetchAsync(IReadOnlyList<Digest> blobs, IReadOnlyList<string> sources, CancellationToken cancel)
    {
        using var lease = _engine.Content.BeginLease();
        foreach (var blob in blobs)
        {
            lease.Hold(blob.ToString());
            _engine.Content.SetAside(blob);
        }

        foreach (var source in sources)
        {
            try
            {
                await _pull.RunAsync(new PullRequest(Reference.Parse(source), null, RegistryCredentials.None), null, cancel).ConfigureAwait(false);
            }
            catch (EngineException)
            {
                // The next one may have it; what is missing in the end is told.
            }

            if (blobs.All(_engine.Content.Contains))
            {
                break;
            }
        }

        foreach (var blob in blobs)
        {
            _engine.Content.EndSetAside(blob);
        }
    }

    private bool IsSound(Digest blob)
    {
        try
        {
            _engine.Content.Verify(blob);
            return true;
        }
        catch (EngineException)
        {
            return false;
        }
    }
}
