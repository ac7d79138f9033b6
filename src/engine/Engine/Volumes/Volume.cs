using System.Text.Json.Serialization;

namespace Slipway.Engine.Volumes;

/// <summary>What is kept about a volume: a row of <see cref="State.StateRoom.Volumes"/> keyed by name, and <c>volume.json</c> beside its data.</summary>
public sealed record VolumeRecord
{
    /// <summary>Its name, unique on this engine.</summary>
    public required string Name { get; init; }

    /// <summary>The driver; <c>local</c> is the only one.</summary>
    public string Driver { get; init; } = Volume.LocalDriver;

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The user's labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Driver options: <c>type</c>, <c>device</c>, <c>o</c>, <c>size</c>.</summary>
    public IReadOnlyDictionary<string, string>? Options { get; init; }
}

/// <summary>A named directory that outlives containers.</summary>
/// <param name="record">What is kept about it.</param>
/// <param name="directory">Its directory below the data root.</param>
public sealed class Volume(VolumeRecord record, string directory)
{
    /// <summary>The name of the driver that every volume has.</summary>
    public const string LocalDriver = "local";

    /// <summary>The label that marks a volume which nobody named.</summary>
    public const string AnonymousLabel = "com.docker.volume.anonymous";

    /// <summary>What is kept about it.</summary>
    public VolumeRecord Record { get; } = record;

    /// <summary>Its name.</summary>
    public string Name => Record.Name;

    /// <summary>The directory that holds <c>volume.json</c> and <c>_data</c>.</summary>
    public string Directory { get; } = directory;

    /// <summary>Where its content is: a directory, over which the device of a volume with options is mounted while it is used.</summary>
    public string Mountpoint => Path.Combine(Directory, "_data");

    /// <summary>Held while image content is copied into it.</summary>
    internal SemaphoreSlim Copying { get; } = new(1, 1);

    /// <summary>Whether it was made without a name.</summary>
    public bool IsAnonymous => Record.Labels?.ContainsKey(AnonymousLabel) == true;

    /// <summary>Whether the driver options say what is mounted at its mount point.</summary>
    public bool HasDevice => Record.Options?.ContainsKey("device") == true;
}

/// <summary>JSON of the volume documents.</summary>
[JsonSerializable(typeof(VolumeRecord))]
internal sealed partial class VolumeJson : JsonSerializerContext;
