using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>Attributes of events about images.</summary>
internal static class ImageEvents
{
    /// <summary>The image's labels and its name.</summary>
    internal static Dictionary<string, string> Attributes(string name, ImageConfig? config) =>
        new(config?.Config?.Labels ?? new Dictionary<string, string>()) { ["name"] = name };
}
