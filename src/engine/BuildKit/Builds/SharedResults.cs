using System.Security.Cryptography;
using Google.Protobuf;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Oci;

namespace Slipway.BuildKit.Builds;

/// <summary>
/// Results that other builds of a client may start from (<c>contexts = { x = "target:y" }</c> of bake). To the client a result is a graph of one
/// source that names it; another build's request brings that graph back. It becomes an image under a name of its own until that build ends.
/// </summary>
internal sealed class SharedResults
{
    private const string Scheme = "slipway-result://";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, FrontendResult> _results = new(StringComparer.Ordinal);

    /// <summary>A result as the client may pass it on.</summary>
    internal Definition Describe(string id, FrontendResult result)
    {
        lock (_lock)
        {
            _results[id] = result;
        }

        result.Ended = () => Forget(id);
        var source = new Op { Source = new SourceOp { Identifier = Scheme + id }, Platform = Platforms.ToMessage(result.Plan.Graph.Config.Platform) }.ToByteString();
        var end = new Op { Inputs = { new Input { Digest = DigestOf(source) } } }.ToByteString();
        return new Definition { Def = { source, end }, Metadata = { [DigestOf(source)] = new OpMetadata(), [DigestOf(end)] = new OpMetadata() } };
    }

    /// <summary>The named contexts of a request that are other builds' results, as images.</summary>
    /// <exception cref="GrpcException">One is no result of this engine, or failed.</exception>
    internal async Task<IReadOnlyDictionary<string, Reference>> OpenAsync(IEnumerable<KeyValuePair<string, Definition>> inputs, CancellationToken cancel)
    {
        var contexts = new Dictionary<string, Reference>();
        foreach (var (name, graph) in inputs)
        {
            var result = Find(graph) ?? throw new GrpcException(GrpcStatus.Unimplemented, $"context {name}: graphs of other frontends are not built by this engine");
            await result.EvaluateAsync().ConfigureAwait(false);
            var image = LocalImages.NewName();
            await result.Plan.StoreAsync([image], cancel).ConfigureAwait(false);
            contexts[name] = image;
        }

        return contexts;
    }

    private static string DigestOf(ByteString operation) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(operation.Span));

    private void Forget(string id)
    {
        lock (_lock)
        {
            _results.Remove(id);
        }
    }

    private FrontendResult? Find(Definition graph)
    {
        foreach (var bytes in graph.Def)
        {
            if (Op.Parser.ParseFrom(bytes).Source is { } source && source.Identifier.StartsWith(Scheme, StringComparison.Ordinal))
            {
                lock (_lock)
                {
                    return _results.GetValueOrDefault(source.Identifier[Scheme.Length..]);
                }
            }
        }

        return null;
    }
}
