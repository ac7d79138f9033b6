namespace Slipway.Engine.Files;

/// <summary>The directories that make up a root file system.</summary>
/// <param name="Lower">The image's layers, topmost first; empty for an image without layers.</param>
/// <param name="Upper">The writable layer, or null for the image alone.</param>
/// <param name="Work">overlayfs's work directory, with <paramref name="Upper"/>.</param>
public sealed record OverlayLayers(IReadOnlyList<string> Lower, string? Upper = null, string? Work = null);
