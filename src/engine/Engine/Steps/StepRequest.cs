using Slipway.DockerApi;
using Slipway.Engine.Containers;

namespace Slipway.Engine.Steps;

/// <summary>One command to run on a stack of layers, as a build step does.</summary>
public sealed record StepRequest
{
    /// <summary>Directories of the layers below, topmost first.</summary>
    public required IReadOnlyList<string> LowerDirs { get; init; }

    /// <summary>Program and arguments.</summary>
    public required IReadOnlyList<string> Args { get; init; }

    /// <summary>Environment (NAME=value), working directory, user and host name; the rest is ignored.</summary>
    public required ContainerConfig Config { get; init; }

    /// <summary>Limits, network, extra hosts; completed with the engine's defaults for containers.</summary>
    public HostConfig Host { get; init; } = new();

    /// <summary>Further mounts, parents before children.</summary>
    public IReadOnlyList<StepMount> Mounts { get; init; } = [];
}

/// <summary>A mount that exists for one step only and leaves nothing in its layer.</summary>
public sealed record StepMount
{
    /// <summary>Absolute path in the step's file system.</summary>
    public required string Destination { get; init; }

    /// <summary>Host directory or file to show; null with <see cref="Layers"/>, <see cref="File"/> or a tmpfs.</summary>
    public string? Source { get; init; }

    /// <summary>A stack of layers to show, topmost first; null for none.</summary>
    public IReadOnlyList<string>? Layers { get; init; }

    /// <summary>Path inside <see cref="Source"/> or <see cref="Layers"/>, resolved within them.</summary>
    public string Subpath { get; init; } = "";

    /// <summary>Whether the step may write. What is written to <see cref="Layers"/> is thrown away.</summary>
    public bool Writable { get; init; }

    /// <summary>A small file that is kept in memory only, such as a secret; null for none.</summary>
    public StepFile? File { get; init; }

    /// <summary>Whether <see cref="Subpath"/> leads to a file and not to a directory.</summary>
    public bool IsFile { get; init; }

    /// <summary>For a tmpfs its size in bytes, 0 for no limit; null for other kinds.</summary>
    public long? TmpfsSize { get; init; }

    internal ContainerMount ToContainerMount(string source) => TmpfsSize is { } size
        ? new ContainerMount { Type = "tmpfs", Destination = Destination, Mode = size > 0 ? $"size={size}" : "" }
        : new ContainerMount { Type = "bind", Source = source, Destination = Destination, ReadWrite = Writable };
}

/// <summary>A file that exists in memory while a step runs. It prints as nothing, so that a secret cannot slip into a log.</summary>
public sealed class StepFile(ReadOnlyMemory<byte> content, uint uid, uint gid, UnixFileMode mode)
{
    internal ReadOnlyMemory<byte> Content { get; } = content;

    internal uint Uid { get; } = uid;

    internal uint Gid { get; } = gid;

    internal UnixFileMode Mode { get; } = mode;

    /// <inheritdoc/>
    public override string ToString() => "***";
}

/// <summary>Takes what a step prints, in pieces as they come. Called by one caller at a time per stream.</summary>
public delegate ValueTask StepOutput(StdStream stream, ReadOnlyMemory<byte> data);

/// <summary>How a step ended.</summary>
/// <param name="ExitCode">Its exit code, 128 + signal when killed.</param>
/// <param name="Upper">What it changed, as overlayfs' upper directory; null when it changed nothing or failed.</param>
public sealed record StepResult(int ExitCode, string? Upper);
