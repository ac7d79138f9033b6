using Microsoft.Win32.SafeHandles;

namespace Slipway.Engine.Content;

/// <summary>A blob that is being fetched, for somebody who reads what is there already. Its last byte can be read only when the whole was verified.</summary>
/// <param name="file">The file that grows; owned.</param>
/// <param name="size">Bytes that it will have.</param>
/// <param name="beyond">Waits until more than so many bytes can be read and tells how many; throws when the blob will not become whole.</param>
/// <param name="leave">Told when nobody reads here any more.</param>
public sealed class ArrivingBlob(SafeFileHandle file, long size, Func<long, CancellationToken, ValueTask<long>> beyond, Action leave) : IDisposable
{
    /// <summary>Bytes of the whole.</summary>
    public long Size { get; } = size;

    /// <summary>Reads at least one byte, waiting for it.</summary>
    /// <param name="buffer">Where to.</param>
    /// <param name="offset">From which byte; before the end.</param>
    /// <param name="cancel">Stops waiting.</param>
    /// <exception cref="EngineException">It cannot be fetched, or it is not what its digest says.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancel)
    {
        var available = await beyond(offset, cancel).ConfigureAwait(false) - offset;
        return await RandomAccess.ReadAsync(file, buffer[..(int)Math.Min(buffer.Length, available)], offset, cancel).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        file.Dispose();
        leave();
    }
}
