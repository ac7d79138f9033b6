using Google.Protobuf;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.BuildKit.Sessions;

/// <summary>Blobs in a directory of the client's: an image layout, or a cache.</summary>
/// <param name="session">The client.</param>
/// <param name="store">What the client calls the directory, such as <c>local:PATH</c>.</param>
internal sealed class SessionContent(Session session, string store)
{
    private const string Service = "/containerd.services.content.v1.Content/";
    private const int MostPiece = 1 << 20;

    private readonly KeyValuePair<string, string>[] _metadata = [KeyValuePair.Create("buildkit-attachable-store-id", store)];

    /// <summary>Reads a blob. Nothing checks that it is the right one.</summary>
    /// <param name="digest">Its digest.</param>
    /// <param name="most">How many bytes it may have.</param>
    /// <param name="output">Receives it.</param>
    /// <param name="cancel">Stops it.</param>
    /// <exception cref="EngineException">InvalidArgument: it is not there, or too large.</exception>
    internal async Task ReadAsync(Digest digest, long most, Stream output, CancellationToken cancel)
    {
        try
        {
            using var call = await OpenAsync("Read", cancel).ConfigureAwait(false);
            await call.WriteAsync(new ReadBlobRequest { Digest = digest.ToString() }, cancel).ConfigureAwait(false);
            call.EndWriting();
            for (long read = 0; await call.ReadAsync(ReadBlobResponse.Parser, cancel).ConfigureAwait(false) is { } piece;)
            {
                read += piece.Data.Length;
                if (read > most)
                {
                    throw EngineException.Invalid($"blob {digest} of the client is larger than {most} bytes");
                }

                await output.WriteAsync(piece.Data.Memory, cancel).ConfigureAwait(false);
            }
        }
        catch (GrpcException e)
        {
            throw EngineException.Invalid($"cannot read blob {digest} of the client: {e.Message}", e);
        }
    }

    /// <summary>Writes a blob, unless it is there.</summary>
    /// <exception cref="EngineException">InvalidArgument: the client cannot take it.</exception>
    internal async Task WriteAsync(Digest digest, long size, Stream content, CancellationToken cancel)
    {
        var name = $"slipway-{Guid.NewGuid():N}";
        try
        {
            using var call = await OpenAsync("Write", cancel).ConfigureAwait(false);
            await AskAsync(call, new WriteBlobRequest { Action = BlobAction.Stat, Ref = name, Total = size, Expected = digest.ToString() }, cancel).ConfigureAwait(false);
            var buffer = new byte[MostPiece];
            long offset = 0;
            for (int read; (read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel).ConfigureAwait(false)) > 0; offset += read)
            {
                var piece = new WriteBlobRequest { Action = BlobAction.Write, Ref = name, Total = size, Expected = digest.ToString(), Offset = offset, Data = ByteString.CopyFrom(buffer.AsSpan(0, read)) };
                await AskAsync(call, piece, cancel).ConfigureAwait(false);
            }

            await AskAsync(call, new WriteBlobRequest { Action = BlobAction.Commit, Ref = name, Total = size, Expected = digest.ToString(), Offset = offset }, cancel).ConfigureAwait(false);
            call.EndWriting();
        }
        catch (GrpcException e) when (e.Code == GrpcStatus.AlreadyExists)
        {
            // Nothing to do.
        }
        catch (GrpcException e)
        {
            throw EngineException.Invalid($"the client does not take blob {digest}: {e.Message}", e);
        }
    }

    private static async Task AskAsync(GrpcStream call, WriteBlobRequest request, CancellationToken cancel)
    {
        await call.WriteAsync(request, cancel).ConfigureAwait(false);
        if (await call.ReadAsync(WriteBlobResponse.Parser, cancel).ConfigureAwait(false) is null)
        {
            throw new GrpcException(GrpcStatus.Unknown, "the client ended the transfer");
        }
    }

    private Task<GrpcStream> OpenAsync(string method, CancellationToken cancel) => session.Offers(Service + method)
        ? session.Channel.OpenAsync(Service + method, _metadata, cancel)
        : throw new GrpcException(GrpcStatus.Unimplemented, "it offers no directories with blobs");
}
