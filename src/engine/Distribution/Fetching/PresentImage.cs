using Slipway.Engine;
using Slipway.Engine.Content;
using Slipway.Engine.Images;
using Slipway.Oci;

namespace Slipway.Distribution.Fetching;

/// <summary>Looks whether an image that is here needs nothing from its registry.</summary>
internal sealed class PresentImage(SlipwayEngine engine)
{
    /// <summary>Whether the image of this platform is whole: its documents match their digests, its layers have their sizes.</summary>
    internal bool IsComplete(Image image, Platform? platform, Lease lease)
    {
        try
        {
            var choice = engine.Images.Choose(image, platform);
            var manifest = Manifest.Parse(engine.Content.ReadSmall(choice));
            var config = ImageConfig.Parse(engine.Content.ReadSmall(manifest.Config.Digest));
            engine.Content.ReadSmall(image.Record.Target.Digest);
            if (platform is not null && platform.Preference(config.Platform) < 0)
            {
                return false;
            }

            foreach (var layer in manifest.Layers)
            {
                lease.Hold(layer.Digest.ToString());
            }

            return manifest.Layers.All(layer => engine.Content.Contains(layer.Digest) && engine.Content.Size(layer.Digest) == layer.Size);
        }
        catch (Exception e) when (e is EngineException or FormatException)
        {
            return false;
        }
    }
}
