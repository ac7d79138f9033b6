using System.Globalization;
using Google.Protobuf;
using Slipway.BuildKitApi.Http2;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildKitApi.Grpc;

/// <summary>Messages both ways, on either side of a call. One reader and one writer at a time.</summary>
/// <param name="http">What carries them.</param>
/// <param name="method">The call, for messages.</param>
/// <param name="asked">Whether we made the call, so that its status comes at its end.</param>
internal sealed class GrpcStream(Http2Stream http, string method, bool asked) : IDisposable
{
    /// <summary>Cancelled when the peer gives the call up or is gone.</summary>
    internal CancellationToken Gone => http.Gone;

    /// <summary>Sends a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancel">Stops waiting for room.</param>
    /// <param name="more">Whether it may wait for others to go with it, until <see cref="Flush"/>.</param>
    /// <exception cref="GrpcException">The peer is gone, or has ended the call.</exception>
    internal async Task WriteAsync(IMessage message, CancellationToken cancel, bool more = false)
    {
        try
        {
            await http.WriteAsync(GrpcFrames.Encode(message), more, cancel).ConfigureAwait(false);
        }
        catch (IOException) when (asked && http.Trailers.Count > 0)
        {
            // The peer has answered and wants no more; what it said is still to be read.
        }
        catch (IOException e)
        {
            throw Lost(e);
        }
    }

    /// <summary>Sends what waits.</summary>
    internal void Flush() => http.Flush();

    /// <summary>Says that no more messages follow.</summary>
    internal void EndWriting()
    {
        if (asked)
        {
            http.EndOutput();
        }
    }

    /// <summary>The next message; null at a good end.</summary>
    /// <exception cref="GrpcException">A bad end.</exception>
    internal async Task<T?> ReadAsync<T>(MessageParser<T> parser, CancellationToken cancel)
        where T : class, IMessage<T>
    {
        try
        {
            if (await GrpcFrames.ReadAsync(http.Input, parser, http.Consumed, cancel).ConfigureAwait(false) is { } message)
            {
                return message;
            }
        }
        catch (IOException e)
        {
            throw Lost(e);
        }

        if (asked)
        {
            Check();
        }

        return null;
    }

    public void Dispose()
    {
        if (asked)
        {
            http.Close();
        }
    }

    private GrpcException Lost(Exception e) => new(GrpcStatus.Unavailable, $"{method}: the other side is gone", e);

    private void Check()
    {
        if (!int.TryParse(Value("grpc-status"), NumberStyles.None, CultureInfo.InvariantCulture, out var code))
        {
            throw new GrpcException(GrpcStatus.Unknown, $"{method} ended without a status");
        }

        if (code != 0)
        {
            throw new GrpcException(Details() ?? new Status { Code = code, Message = Uri.UnescapeDataString(Value("grpc-message")) });
        }
    }

    private Status? Details()
    {
        try
        {
            var text = Value("grpc-status-details-bin");
            return text.Length > 0 ? Status.Parser.ParseFrom(Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='))) : null;
        }
        catch (Exception e) when (e is FormatException or InvalidProtocolBufferException)
        {
            // The plain message is enough.
            return null;
        }
    }

    private string Value(string name) => http.Trailers.FirstOrDefault(field => field.Key == name).Value ?? "";
}
