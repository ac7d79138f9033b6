using Google.Protobuf;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildClient.Services;

/// <summary>Gives secrets to the engine when a command needs them, and only those that the build may have.</summary>
internal sealed class SecretFiles(IReadOnlyList<BuildSecret> secrets)
{
    // As BuildKit has it.
    private const long MostBytes = 500 * 1024;

    internal async Task GetAsync(GrpcCall call)
    {
        var request = await call.ReadAsync(GetSecretRequest.Parser).ConfigureAwait(false);
        var secret = secrets.LastOrDefault(secret => secret.Id == request.Id) ?? throw new GrpcException(GrpcStatus.NotFound, $"secret {request.Id} not found");
        var data = secret.Value is { } value ? ByteString.CopyFromUtf8(value) : await ReadAsync(secret, call.Gone).ConfigureAwait(false);
        await call.WriteAsync(new GetSecretResponse { Data = data }).ConfigureAwait(false);
    }

    private static async Task<ByteString> ReadAsync(BuildSecret secret, CancellationToken cancel)
    {
        var file = new FileInfo(secret.File ?? secret.Id);
        return file.Length > MostBytes
            ? throw new GrpcException(GrpcStatus.Unknown, $"invalid secret size {file.Length}")
            : ByteString.CopyFrom(await File.ReadAllBytesAsync(file.FullName, cancel).ConfigureAwait(false));
    }
}
