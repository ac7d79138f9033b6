using System.Buffers;
using System.Globalization;
using System.Text;

namespace Slipway.Client.Http;

/// <summary>What a request sends: bytes of known length, or a stream sent in chunks.</summary>
internal sealed record RequestBody(string ContentType, ReadOnlyMemory<byte> Bytes, Stream? Source = null)
{
    /// <summary>A request without a body that yet must say so, as POST does.</summary>
    internal static RequestBody Empty { get; } = new("", default);

    /// <summary>Whether it can be sent again after the engine refused the version.</summary>
    internal bool IsReplayable => Source is null;

    internal string Headers =>
        Source is not null ? $"Content-Type: {ContentType}\r\nTransfer-Encoding: chunked\r\n"
        : ContentType.Length > 0 ? string.Create(CultureInfo.InvariantCulture, $"Content-Type: {ContentType}\r\nContent-Length: {Bytes.Length}\r\n")
        : "Content-Length: 0\r\n";

    /// <summary>
    /// Sends the stream in chunks. A failing connection is no error here: the engine may have answered early, and then
    /// its answer is the error. A failing source closes the connection, so that the engine sees a torn request.
    /// </summary>
    internal async Task SendChunksAsync(HttpConnection connection, CancellationToken cancellation)
    {
        const int ChunkSize = 128 * 1024;
        const int HeadRoom = 16;
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkSize + HeadRoom + 2);
        var reading = false;
        try
        {
            while (true)
            {
                reading = true;
                var count = await Source!.ReadAsync(buffer.AsMemory(HeadRoom, ChunkSize), cancellation).ConfigureAwait(false);
                reading = false;
                if (count == 0)
                {
                    break;
                }

                var head = Encoding.ASCII.GetBytes(count.ToString("x", CultureInfo.InvariantCulture) + "\r\n");
                head.CopyTo(buffer.AsSpan(HeadRoom - head.Length));
                "\r\n"u8.CopyTo(buffer.AsSpan(HeadRoom + count));
                await connection.WriteAsync(
                    buffer.AsMemory(HeadRoom - head.Length, head.Length + count + 2), cancellation).ConfigureAwait(false);
            }

            await connection.WriteAsync("0\r\n\r\n"u8.ToArray(), cancellation).ConfigureAwait(false);
        }
        catch (IOException) when (!reading)
        {
            // The answer, if any, tells why.
        }
        catch
        {
            connection.Dispose();
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
