namespace Slipway.Packs.Providers;

/// <summary>A module for one family of languages.</summary>
internal abstract class Provider
{
    /// <summary>As in <c>providers</c> of a configuration file.</summary>
    internal abstract string Name { get; }

    /// <summary>The file or directory that gives the language away; null when it is another one.</summary>
    internal abstract string? Detect(PackContext context);

    /// <summary>How applications of this language are built and started.</summary>
    /// <exception cref="PackException">It cannot be built.</exception>
    internal abstract Draft Plan(PackContext context);
}
