using System.Text.Json;
using System.Text.Json.Serialization;
using Google.Protobuf;
using Slipway.Build;
using Slipway.Build.Dockerfile;
using Slipway.Build.Graph;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Engine;

namespace Slipway.BuildKit.Builds;

/// <summary>Failures of a build as clients of BuildKit know them, with the lines of the Dockerfile that caused them.</summary>
internal static class Failures
{
    // BuildKit's errdefs.Source; its details are JSON.
    private const string SourceType = "github.com/moby/buildkit/errdefs.Source+json";

    /// <summary>What the client is told of a step that failed.</summary>
    internal static string Text(Exception error) => error switch
    {
        RunFailedException run => $"process \"{run.Command}\" did not complete successfully: exit code: {run.ExitCode}",
        OperationCanceledException => "context canceled",
        _ => error.Message,
    };

    /// <summary>The failure of the whole build.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="fileName">The Dockerfile's name.</param>
    /// <param name="dockerfile">Its text.</param>
    /// <param name="span">Where; null when no instruction caused it.</param>
    internal static Exception Of(Exception error, string fileName, byte[] dockerfile, SourceSpan? span)
    {
        if (error is not (EngineException { Kind: not ErrorKind.Internal } or RunFailedException or DockerfileException))
        {
            return error;
        }

        var status = new Status { Code = (int)GrpcStatus.Unknown, Message = Text(error) };
        if (((error as DockerfileException)?.Diagnostic.Span ?? span) is { Line: > 0 } place)
        {
            status.Details.Add(Detail(fileName, dockerfile, place));
        }

        var failure = new GrpcException(status, error);
        failure.Data["dockerfile"] = dockerfile;
        return failure;
    }

    private static Detail Detail(string fileName, byte[] dockerfile, SourceSpan span)
    {
        var source = new FailureSource(
            new FailureFile(fileName, dockerfile, "Dockerfile"),
            [new FailureRange(new FailurePosition(span.Line), new FailurePosition(span.EndLine))]);
        return new Detail { TypeUrl = SourceType, Value = ByteString.CopyFrom(JsonSerializer.SerializeToUtf8Bytes(source, FailureJson.Default.FailureSource)) };
    }
}

/// <summary>errdefs.Source.</summary>
internal sealed record FailureSource(FailureFile Info, IReadOnlyList<FailureRange> Ranges);

/// <summary>pb.SourceInfo.</summary>
internal sealed record FailureFile(string Filename, byte[] Data, string Language);

/// <summary>pb.Range.</summary>
internal sealed record FailureRange(FailurePosition Start, FailurePosition End);

/// <summary>pb.Position; lines count from 1.</summary>
internal sealed record FailurePosition(int Line);

/// <summary>JSON of details.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FailureSource))]
internal sealed partial class FailureJson : JsonSerializerContext;
