using System.Text.Json;
using System.Text.Json.Serialization;
using Slipway.DockerApi;
using Slipway.Platform.Model;
using Slipway.Platform.Secrets;

namespace Slipway.Platform.Builds;

/// <summary>What an engine is told about a service: the container, its networks, and files that are put into it before it starts. Kept encrypted in the release.</summary>
internal sealed record ServiceSpec
{
    /// <summary>The container, without a name, and without what each deployment adds.</summary>
    public required ContainerCreateRequest Request { get; init; }

    /// <summary>Networks of the application that it joins.</summary>
    public IReadOnlyList<NetworkCreateRequest> Networks { get; init; } = [];

    /// <summary>Secrets and configs with a content of their own.</summary>
    public IReadOnlyList<SpecFile> Files { get; init; } = [];

    internal string Seal(SecretBox secrets) => secrets.Seal(JsonSerializer.Serialize(
        new SpecText(JsonSerializer.Serialize(Request, DockerJson.Wire.ContainerCreateRequest), [.. Networks.Select(network => JsonSerializer.Serialize(network, DockerJson.Wire.NetworkCreateRequest))], Files),
        SpecJson.Default.SpecText));

    internal static ServiceSpec Open(ReleaseService service, SecretBox secrets)
    {
        var text = JsonSerializer.Deserialize(secrets.Reveal(service.SealedSpec), SpecJson.Default.SpecText)!;
        return new ServiceSpec
        {
            Request = JsonSerializer.Deserialize(text.Request, DockerJson.Default.ContainerCreateRequest)!,
            Networks = [.. text.Networks.Select(network => JsonSerializer.Deserialize(network, DockerJson.Default.NetworkCreateRequest)!)],
            Files = text.Files,
        };
    }
}

/// <summary>A file of a container.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="Mode">Permissions.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
internal sealed record SpecFile(string Path, byte[] Content, int Mode, int Uid, int Gid);

internal sealed record SpecText(string Request, IReadOnlyList<string> Networks, IReadOnlyList<SpecFile> Files);

[JsonSerializable(typeof(SpecText))]
internal sealed partial class SpecJson : JsonSerializerContext;
