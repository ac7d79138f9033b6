using System.Security.Cryptography;
using System.Text;
using Slipway.Distribution.Fetching;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Oci;

namespace Slipway.Distribution.Copies;

/// <summary>Fetches each blob of a copied repository once, however many ask for it at the same time, and lets all of them read along.</summary>
internal sealed class CopyFlights(SlipwayEngine engine, Func<DistributionOptions> options)
{
    private const int Most = 32;

    private readonly TransferSlots _slots = new(() => Most);
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Repository, Digest Blob), CopyFlight> _flights = [];

    /// <summary>Joins the transfer of a blob, or begins it.</summary>
    /// <param name="repository">The repository of ours that gets it.</param>
    /// <param name="blob">Digest and size.</param>
    /// <param name="fetch">Runs work with a session at the registry that has it.</param>
    /// <param name="cancel">Stops waiting for its beginning.</param>
    internal Task<ArrivingBlob> OpenAsync(string repository, Descriptor blob, Func<Func<RegistrySession, Task<bool>>, CancellationToken, Task> fetch, CancellationToken cancel)
    {
        lock (_lock)
        {
            if (!_flights.TryGetValue((repository, blob.Digest), out var flight) || !flight.TryBoard())
            {
                // The transfer may have ended between the asker's look and this one.
                if (engine.Repositories.FindBlob(repository, blob.Digest) is not null)
                {
                    return Task.FromResult(new ArrivingBlob(engine.Content.Open(blob.Digest, FileOptions.Asynchronous), blob.Size, (_, _) => new(blob.Size), () => { }));
                }

                _flights[(repository, blob.Digest)] = flight = new CopyFlight(blob);
                flight.TryBoard();
                _ = Task.Run(() => FlyAsync(flight, repository, blob, fetch), CancellationToken.None);
            }

            return flight.OpenAsync(engine.Content, cancel);
        }
    }

    private async Task FlyAsync(CopyFlight flight, string repository, Descriptor blob, Func<Func<RegistrySession, Task<bool>>, CancellationToken, Task> fetch)
    {
        try
        {
            await _slots.TakeAsync(flight.Abandoned).ConfigureAwait(false);
            try
            {
                await BringAsync(flight, repository, blob, fetch).ConfigureAwait(false);
            }
            finally
            {
                _slots.Free();
            }

            flight.Whole();
        }
#pragma warning disable CA1031 // Whatever it is, those who read along are told.
        catch (Exception e)
#pragma warning restore CA1031
        {
            flight.Fail(e);
        }

        lock (_lock)
        {
            if (_flights.GetValueOrDefault((repository, blob.Digest)) == flight)
            {
                _flights.Remove((repository, blob.Digest));
            }
        }
    }

    private async Task BringAsync(CopyFlight flight, string repository, Descriptor blob, Func<Func<RegistrySession, Task<bool>>, CancellationToken, Task> fetch)
    {
        var cancel = flight.Abandoned;
        using var lease = engine.Content.BeginLease();
        using var writer = await BeginAsync(repository, blob.Digest, cancel).ConfigureAwait(false);
        await Task.Run(() => writer.Recall(cancel), cancel).ConfigureAwait(false);
        flight.Opened(writer);
        await fetch(
            async session =>
            {
                await new BlobFetcher(session, options(), engine.Time).RunAsync(blob, writer, flight.Grown, _ => { }, cancel).ConfigureAwait(false);
                return true;
            },
            cancel).ConfigureAwait(false);
        try
        {
            await writer.CommitAsync(blob.Digest, blob.Size).ConfigureAwait(false);
        }
        catch (EngineException e) when (e.Kind == ErrorKind.InvalidArgument)
        {
            writer.Drop();
            throw;
        }

        await engine.Repositories.LinkAsync(repository, blob.Digest).ConfigureAwait(false);
    }

    // Repositories do not share what is unfinished: what one of them may have says nothing about another.
    private async Task<BlobWriter> BeginAsync(string repository, Digest digest, CancellationToken cancel)
    {
        var owner = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(repository)).AsSpan(0, 12));
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return engine.Content.BeginPartial(digest, owner);
            }
            catch (EngineException e) when (e.Kind == ErrorKind.Conflict && attempt < 100)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), engine.Time, cancel).ConfigureAwait(false);
            }
        }
    }
}
