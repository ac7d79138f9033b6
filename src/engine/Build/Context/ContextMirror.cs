namespace Slipway.Build.Context;

/// <summary>
/// A copy of a client's directory that outlives the build: the next one sends only what has changed. Layers link its files, so a file in it is
/// never changed but replaced.
/// </summary>
public sealed class ContextMirror
{
    private readonly Dictionary<string, ContextEntry> _known = new(StringComparer.Ordinal);

    internal ContextMirror(string key, BuildContext files, DateTimeOffset created) => (Key, Files, Created, Used) = (key, files, created, created);

    /// <summary>The files.</summary>
    public BuildContext Files { get; }

    internal string Key { get; }

    internal DateTimeOffset Created { get; }

    internal DateTimeOffset Used { get; set; }

    internal int Uses { get; set; }

    // Objects that are there completely.
    internal Dictionary<string, ContextEntry> Known => _known;

    // Paths at which an update that was broken off may have left something.
    internal HashSet<string> Unfinished { get; } = new(StringComparer.Ordinal);

    internal long Size
    {
        get
        {
            lock (_known)
            {
                return _known.Values.Where(entry => entry.IsRegular).Sum(entry => entry.Size);
            }
        }
    }

    /// <summary>Begins to make it like the client's directory.</summary>
    public ContextUpdate Update() => new(this);
}
