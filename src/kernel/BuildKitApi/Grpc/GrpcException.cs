using Google.Protobuf;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildKitApi.Grpc;

/// <summary>A call that failed: what the peer is told, or what the peer told us.</summary>
internal sealed class GrpcException : Exception
{
    internal GrpcException(GrpcStatus code, string message, Exception? inner = null)
        : this(new Status { Code = (int)code, Message = message }, inner)
    {
    }

    internal GrpcException(Status status, Exception? inner = null)
        : base(status.Message, inner) => Status = status;

    /// <summary>Code, message and details.</summary>
    internal Status Status { get; }

    internal GrpcStatus Code => (GrpcStatus)Status.Code;

    /// <summary>The status as its header has it.</summary>
    internal string Details => Convert.ToBase64String(Status.ToByteArray()).TrimEnd('=');
}
