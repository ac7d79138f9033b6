using Slipway.DockerApi;
using Slipway.Oci;

namespace Slipway.Engine.Containers.Spec;

/// <summary>A request to create a container after merging and checking: complete, and servable by this machine.</summary>
/// <param name="Config">The container's configuration merged with its image's.</param>
/// <param name="HostConfig">The host's part with every default filled in.</param>
/// <param name="NetworkingConfig">Endpoints asked for, as given.</param>
/// <param name="Warnings">What is served differently from what was asked.</param>
public sealed record NormalizedRequest(
    ContainerConfig Config, HostConfig HostConfig, NetworkingConfig? NetworkingConfig, IReadOnlyList<string> Warnings)
{
    /// <summary>The program: the first word of entry point and command.</summary>
    public string Path => Words[0];

    /// <summary>Its arguments.</summary>
    public IReadOnlyList<string> Args => Words[1..];

    private string[] Words => [.. Config.Entrypoint ?? [], .. Config.Cmd ?? []];
}

/// <summary>
/// Turns a request into a complete configuration, or refuses it with the message that Docker gives. It has no side effect and reads
/// nothing but the facts it is given, so that every error comes before anything is made.
/// </summary>
public static class ContainerRequestValidator
{
    /// <summary>Merges, completes and checks a request.</summary>
    /// <param name="request">The request as it came.</param>
    /// <param name="image">Configuration of the image; null when there is none.</param>
    /// <param name="id">Id of the container to be, which gives the default host name.</param>
    /// <param name="options">Defaults of the engine.</param>
    /// <param name="host">What this machine can serve.</param>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/>, or <see cref="ErrorKind.NotImplemented"/> for what this engine does not do.</exception>
    public static NormalizedRequest Normalize(ContainerCreateRequest request, ImageConfig? image, string id, EngineOptions options, HostFacts host)
    {
        var asked = request.HostConfig ?? new HostConfig();
        var warnings = new List<string>();
        NamespaceModes.Validate(request, asked);
        var config = ConfigMerge.Merge(request.ToConfig(), image?.Config);
        ConfigRules.Validate(config);
        HostConfigRules.Validate(asked, options, host, warnings);
        var completed = HostDefaults.Complete(asked, options, host);
        var resources = ResourceRules.Normalize(completed, host, isUpdate: false, warnings);
        completed = HostDefaults.WithResources(completed, resources) with { NetworkMode = config.NetworkDisabled ? "none" : completed.NetworkMode };
        return new NormalizedRequest(
            config with { Hostname = HostnameOf(config, completed, id) }, completed, request.NetworkingConfig, warnings);
    }

    // A container in the host's UTS or network namespace answers to the host's name.
    private static string HostnameOf(ContainerConfig config, HostConfig host, string id) =>
        config.Hostname.Length > 0 ? config.Hostname : host.NetworkMode == "host" || host.UTSMode == "host" ? Environment.MachineName : id[..12];
}
