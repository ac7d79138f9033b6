using Google.Protobuf;
using Slipway.BuildClient.Files;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Oci;

namespace Slipway.BuildClient.Services;

/// <summary>Directories with blobs that a build may read and write, and no others: caches and image layouts.</summary>
/// <param name="directories">The directories by what the engine calls them.</param>
internal sealed class BlobDirectories(IReadOnlyDictionary<string, BlobDirectory> directories)
{
    private const int MostPiece = 1 << 20;

    /// <summary>Whether there is any.</summary>
    internal bool Any => directories.Count > 0;

    internal async Task InfoAsync(GrpcCall call)
    {
        var digest = Parse((await call.ReadAsync(BlobInfoRequest.Parser).ConfigureAwait(false)).Digest);
        await call.WriteAsync(new BlobInfoResponse { Info = new BlobInfo { Digest = digest.ToString(), Size = Of(call).Size(digest) ?? throw Missing(digest) } }).ConfigureAwait(false);
    }

    internal async Task ReadAsync(GrpcCall call)
    {
        var request = await call.ReadAsync(ReadBlobRequest.Parser).ConfigureAwait(false);
        var digest = Parse(request.Digest);
        var directory = Of(call);
        var size = directory.Size(digest) ?? throw Missing(digest);
        using var file = File.OpenHandle(directory.PathOf(digest));
        var end = request.Size > 0 ? Math.Min(size, request.Offset + request.Size) : size;
        var buffer = new byte[(int)Math.Clamp(end - request.Offset, 0, MostPiece)];
        for (var offset = request.Offset; offset < end;)
        {
            var read = await RandomAccess.ReadAsync(file, buffer.AsMemory(0, (int)Math.Min(buffer.Length, end - offset)), offset, call.Gone).ConfigureAwait(false);
            if (read == 0)
            {
                break;
            }

            await call.WriteAsync(new ReadBlobResponse { Offset = offset, Data = ByteString.CopyFrom(buffer.AsSpan(0, read)) }).ConfigureAwait(false);
            offset += read;
        }

        call.Begin();
    }

    internal async Task WriteAsync(GrpcCall call)
    {
        var directory = Of(call);
        BlobFile? file = null;
        try
        {
            while (await call.Messages.ReadAsync(WriteBlobRequest.Parser, call.Gone).ConfigureAwait(false) is { } request)
            {
                var expected = Parse(request.Expected);
                if (file is null && directory.Size(expected) is not null)
                {
                    throw new GrpcException(GrpcStatus.AlreadyExists, $"content {expected} already exists");
                }

                file ??= new BlobFile(directory, expected);
                if (request.Data.Length > 0)
                {
                    file.Write(request.Offset, request.Data.Span);
                }

                if (request.Action == BlobAction.Commit)
                {
                    file.Commit(request.Total);
                }

                await call.WriteAsync(new WriteBlobResponse { Action = request.Action, Offset = file.Length, Total = request.Total, Digest = expected.ToString() }).ConfigureAwait(false);
            }
        }
        finally
        {
            file?.Dispose();
        }
    }

    private static Digest Parse(string text) => Digest.TryParse(text, out var digest) ? digest : throw new GrpcException(GrpcStatus.InvalidArgument, $"invalid digest \"{text}\"");

    private static GrpcException Missing(Digest digest) => new(GrpcStatus.NotFound, $"content {digest}: not found");

    private BlobDirectory Of(GrpcCall call) =>
        call.Metadata("buildkit-attachable-store-id") is var name && directories.TryGetValue(name, out var directory) ? directory : throw new GrpcException(GrpcStatus.NotFound, $"unknown store {name}");
}
