namespace Slipway.Build.Dockerfile;

/// <summary>A mistake in an instruction, before it is known where that stands. Numbers are listed in <see cref="FaultNumber"/>.</summary>
internal sealed class SyntaxFault(string message, string number, string? near = null, string? suggestion = null) : Exception(message)
{
    /// <summary>Stable number.</summary>
    internal string Number { get; } = number;

    /// <summary>Text in the instruction that is to blame.</summary>
    internal string? Near { get; } = near;

    /// <summary>What would have been right.</summary>
    internal string? Suggestion { get; } = suggestion;
}

/// <summary>Numbers of errors; lint rules have theirs in <see cref="LintRule"/>.</summary>
internal static class FaultNumber
{
    /// <summary>The file: empty, too large, not text, unterminated.</summary>
    internal const string File = "DF0100";

    /// <summary>A parser directive.</summary>
    internal const string Directive = "DF0110";

    /// <summary>A limit that protects the builder.</summary>
    internal const string Limit = "DF0120";

    /// <summary>An instruction that does not exist.</summary>
    internal const string UnknownInstruction = "DF0200";

    /// <summary>Arguments of an instruction.</summary>
    internal const string Arguments = "DF0210";

    /// <summary>Flags of an instruction.</summary>
    internal const string Flags = "DF0220";

    /// <summary>Expansion of variables.</summary>
    internal const string Expansion = "DF0300";

    /// <summary>Stages: names, targets, cycles.</summary>
    internal const string Stages = "DF0400";

    /// <summary>A value that cannot be used: ports, signals, modes, platforms, references.</summary>
    internal const string Value = "DF0410";

    /// <summary>An image that cannot be had.</summary>
    internal const string Image = "DF0420";

    /// <summary>Lint rules broken while <c>error=true</c>.</summary>
    internal const string Lint = "DF0500";
}
