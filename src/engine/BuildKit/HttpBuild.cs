using System.Text.Json;
using Google.Protobuf;
using Slipway.Build.Context;
using Slipway.BuildKit.Builds;
using Slipway.BuildKitApi.Messages;
using Slipway.DockerApi;

namespace Slipway.BuildKit;

/// <summary>A BuildKit build that a client asks for by <c>POST /build?version=2</c>, as docker's own client did before it had a plugin for that.</summary>
/// <param name="Id">The build's id.</param>
/// <param name="Session">The client's session; empty when it has none.</param>
/// <param name="Context">The context when it came with the request; null when the session or an address has it.</param>
/// <param name="Options">Options of the frontend.</param>
/// <param name="Exporter">How the result is wanted, see <see cref="ExportOrder"/>; empty for nowhere.</param>
/// <param name="ExporterOptions">Its options.</param>
public sealed record HttpBuild(
    string Id, string Session, RemoteContext? Context, IReadOnlyDictionary<string, string> Options, string Exporter, IReadOnlyDictionary<string, string> ExporterOptions)
{
    private const string Trace = "moby.buildkit.trace";
    private const string ImageId = "moby.image.id";

    internal SolveRequest Request()
    {
        var request = new SolveRequest { Ref = Id, Session = Session, Frontend = "dockerfile.v0", Exporter = Exporter, Cache = new CacheOptions() };
        foreach (var name in (Options.GetValueOrDefault("cache-from") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            request.Cache.Imports.Add(new CacheOptionsEntry { Type = "registry", Attrs = { ["ref"] = name } });
        }

        foreach (var (name, value) in Options)
        {
            request.FrontendAttrs[name] = value;
        }

        if (Context is not null)
        {
            request.FrontendAttrs["context"] = UploadTable.Address;
        }

        foreach (var (name, value) in ExporterOptions)
        {
            request.ExporterAttrs[name] = value;
        }

        return request;
    }

    internal static JsonMessage Progress(StatusResponse status) =>
        new() { Id = Trace, Aux = JsonSerializer.SerializeToElement(status.ToByteArray(), HttpBuildJson.Default.ByteArray) };

    internal static JsonMessage Image(string id) =>
        new() { Id = ImageId, Aux = JsonSerializer.SerializeToElement(new ImageIdAux { ID = id }, DockerJson.Wire.ImageIdAux) };
}

/// <summary>JSON of progress: bytes as base64.</summary>
[System.Text.Json.Serialization.JsonSerializable(typeof(byte[]))]
internal sealed partial class HttpBuildJson : System.Text.Json.Serialization.JsonSerializerContext;
