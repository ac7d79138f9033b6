using System.Text;
using Google.Protobuf;
using Slipway.Build.Dockerfile;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages.Gateway;

namespace Slipway.BuildKit.Builds;

/// <summary>Questions about a Dockerfile in place of a build (<c>docker buildx build --call</c>).</summary>
internal static class Subrequests
{
    internal const string Describe = "frontend.subrequests.describe";

    private const string Outline = "frontend.outline";
    private const string Targets = "frontend.targets";

    /// <summary>Answers one.</summary>
    /// <exception cref="GrpcException">There is no such question, or the Dockerfile is none.</exception>
    internal static Result Answer(FrontendOptions options, byte[] dockerfile)
    {
        try
        {
            var (json, text) = options.Subrequest switch
            {
                Describe => (Encoding.UTF8.GetBytes(Known()), string.Join('\n', "frontend.lint", Outline, Targets) + "\n"),
                Outline => new DockerfileOutline(dockerfile, options.FileName).Outline(options.Value("target") ?? "", options.Argument),
                Targets => new DockerfileOutline(dockerfile, options.FileName).Targets(),
                var other => throw new GrpcException(GrpcStatus.Unimplemented, $"unsupported subrequest {other}"),
            };
            var result = new Result();
            result.Metadata["result.json"] = ByteString.CopyFrom(json);
            result.Metadata["result.txt"] = ByteString.CopyFromUtf8(text);
            result.Metadata["version"] = ByteString.CopyFromUtf8("1.0.0");
            return result;
        }
        catch (DockerfileException e)
        {
            throw Failures.Of(e, options.FileName, dockerfile, null);
        }
    }

    private static string Known() => "[" + string.Join(',', new[] { "frontend.lint", Outline, Targets }.Select(name => $$"""{"Name":"{{name}}","Version":"1.0.0","Type":"rpc","Description":""}""")) + "]";
}
