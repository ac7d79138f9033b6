using Slipway.Build;
using Slipway.Build.Graph;

namespace Slipway.BuildKit.Builds;

/// <summary>Shows which images are looked up before there is a graph.</summary>
internal sealed class ImageLookups(BuildProgress progress)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ImageSource, ProgressStep> _steps = [];

    internal void Report(ImageLookup lookup)
    {
        lock (_lock)
        {
            if (!_steps.TryGetValue(lookup.Image, out var step))
            {
                _steps[lookup.Image] = step = progress.Step($"[internal] load metadata for {lookup.Image.ImageId?.ToString() ?? lookup.Image.Reference.ToString()}").Start();
            }

            if (lookup.Error is { } error)
            {
                step.Fail(error);
            }
            else if (lookup.Done)
            {
                step.Done();
            }
        }
    }
}
