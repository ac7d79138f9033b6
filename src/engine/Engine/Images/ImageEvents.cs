using Slipway.Oci;

namespace Slipway.Engine.Images;

/// <summary>Attributes of events about images.</summary>
public static class ImageEvents
{
    /// <summary>The image's labels and its name.</summary>
    public static Dictionary<string, string> Attributes(string name, ImageConfig? config) =>
        new(config?.Config?.Labels ?? new Dictionary<string, string>()) { ["name"] = name };
}
