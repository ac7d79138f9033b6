namespace Slipway.Build.Graph;

/// <summary>An operation that puts one layer upon its input and has one history entry.</summary>
public abstract class LayerStep : Operation
{
    /// <summary>The tree it builds upon.</summary>
    public required Operation Input { get; init; }
}

/// <summary>A directory that must exist in the tree (<c>WORKDIR</c>). Its layer is empty when it exists already.</summary>
public sealed class MakeDirectory : LayerStep
{
    /// <summary>Absolute clean path; parents are made too, everything with mode 0755.</summary>
    public required string Path { get; init; }

    /// <summary>Owner of what is made, <c>user[:group]</c>; null is root.</summary>
    public string? Owner { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<Operation> Inputs => [Input];
}

/// <summary><c>COPY</c> and <c>ADD</c>: all sources of one instruction, in order, as one layer.</summary>
public sealed class CopyStep : LayerStep
{
    /// <summary>What is copied, in order.</summary>
    public required IReadOnlyList<CopySource> Sources { get; init; }

    /// <summary>Absolute path; a trailing slash says that it is a directory. Missing parents are made.</summary>
    public required string Destination { get; init; }

    /// <summary>Owner of everything copied, <c>user[:group]</c> in names or numbers; null is root, or the source's for <c>--from</c>.</summary>
    public string? Owner { get; init; }

    /// <summary>Mode: octal digits, or symbolic as chmod(1) has it (<c>u=rwX,go=rX</c>); null keeps the sources'.</summary>
    public string? Mode { get; init; }

    /// <summary>Whether the layer depends on nothing below it (<c>--link</c>).</summary>
    public bool Link { get; init; }

    /// <summary>Whether the sources' parent directories are kept below the destination (<c>--parents</c>).</summary>
    public bool Parents { get; init; }

    /// <summary>Patterns, relative to each source, of what is left out (<c>--exclude</c>).</summary>
    public IReadOnlyList<string> Excludes { get; init; } = [];

    /// <summary>Whether the instruction was <c>ADD</c>.</summary>
    public bool IsAdd { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<Operation> Inputs =>
        [Input, .. Sources.Select(source => source.From).OfType<Operation>().Distinct()];
}

/// <summary>One source of a <see cref="CopyStep"/>: files of a tree, or inline content.</summary>
public sealed class CopySource
{
    /// <summary>The tree; null for inline content.</summary>
    public Operation? From { get; init; }

    /// <summary>
    /// Pattern inside the tree, absolute and clean with <c>..</c> resolved at the root; with <see cref="CopyStep.Parents"/> a <c>/./</c>
    /// in it marks where the kept part begins. For inline content the file's name.
    /// </summary>
    public required string Path { get; init; }

    /// <summary>Inline content of a heredoc, already expanded; null for files.</summary>
    public string? Content { get; init; }

    /// <summary>Whether a regular file that is an archive is unpacked at the destination (<c>ADD</c> of local files, <c>--unpack</c>).</summary>
    public bool Unpack { get; init; }

    /// <summary>Whether wildcards in <see cref="Path"/> mean something.</summary>
    public bool Wildcards { get; init; } = true;

    /// <summary>Mode of a downloaded or inline file when the step gives none, as octal number; null keeps it.</summary>
    public int? DefaultMode { get; init; }
}

/// <summary>A command (<c>RUN</c>).</summary>
public sealed class RunStep : LayerStep
{
    /// <summary>The argument vector that runs, the shell already in front for the shell form.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>A script (heredoc that starts with <c>#!</c>) that stands at <see cref="RunScript.Path"/> while the command runs; else null.</summary>
    public RunScript? Script { get; init; }

    /// <summary><c>NAME=value</c>: the image's environment and the stage's build arguments.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    /// <summary>Proxy variables of the build arguments: given to the command, no part of the cache key.</summary>
    public IReadOnlyList<string> ProxyEnvironment { get; init; } = [];

    /// <summary>Absolute directory the command starts in.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary><c>user[:group]</c>; empty is root.</summary>
    public string User { get; init; } = "";

    /// <summary>What is mounted while it runs, in the instruction's order.</summary>
    public IReadOnlyList<RunMount> Mounts { get; init; } = [];

    /// <summary>Network of the command.</summary>
    public RunNetwork Network { get; init; }

    /// <summary>Whether it asks for more rights (<c>--security=insecure</c>).</summary>
    public bool Insecure { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<Operation> Inputs => [Input, .. Mounts.Select(mount => mount.From).OfType<Operation>().Distinct()];
}

/// <summary>A script beside a command.</summary>
/// <param name="Path">Absolute path at which it stands, with mode 0755.</param>
/// <param name="Content">Its text.</param>
public sealed record RunScript(string Path, string Content);

/// <summary>Network of a command.</summary>
public enum RunNetwork
{
    /// <summary>The build's (<c>docker build --network</c>).</summary>
    Default,

    /// <summary>Loopback only.</summary>
    None,

    /// <summary>The host's.</summary>
    Host,
}
