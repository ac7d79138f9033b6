namespace Slipway.Engine.Images;

/// <summary>A container's hold on an image. The composition root supplies the present list, so that this folder knows no containers.</summary>
/// <param name="ContainerId">The container.</param>
/// <param name="ImageId">Digest of the config it was created from.</param>
/// <param name="ManifestDigest">Digest of the manifest it was created from.</param>
/// <param name="ChainId">The top of its layers; null when it has none.</param>
/// <param name="Running">Whether it has a process.</param>
public sealed record ImageUse(string ContainerId, string ImageId, string ManifestDigest, string? ChainId, bool Running);
