using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution.Fetching;

/// <summary>A registry's refusal of a pull, as dockerd words it.</summary>
internal static class PullFailure
{
    internal static EngineException Translate(RegistryException refusal, Reference name) => refusal.Code switch
    {
        "DENIED" => new EngineException(ErrorKind.NotFound, $"pull access denied for {name.FamiliarName}, repository does not exist or may require 'docker login': {refusal.Message}", refusal),
        "MANIFEST_UNKNOWN" => new EngineException(ErrorKind.NotFound, $"manifest for {name.Familiar} not found: {refusal.Message}", refusal),
        "NAME_UNKNOWN" => new EngineException(ErrorKind.NotFound, $"repository {name.FamiliarName} not found: {refusal.Message}", refusal),

        // The answer to a HEAD has no body to tell which it is.
        _ when refusal.Status == 404 => new EngineException(ErrorKind.NotFound, $"manifest for {name.Familiar} not found: manifest unknown: manifest unknown", refusal),
        _ => refusal.ToEngineException(),
    };
}
