using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Engine.Content;
using Slipway.Engine.Events;
using Slipway.Engine.Images;
using Slipway.Engine.Snapshots;
using Slipway.Engine.State;

namespace Slipway.Engine.Tests.Images;

/// <summary>A private store below a temporary directory, composed as the daemon does it; <see cref="RestartAsync"/> opens it again.</summary>
internal sealed class ImageStore : IAsyncDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("slipway-images-").FullName;

    private ImageStore() => Paths = new EnginePaths(Path.Combine(_root, "data"), Path.Combine(_root, "exec"));

    internal EnginePaths Paths { get; }

    internal StateStore State { get; private set; } = null!;

    internal ContentStore Content { get; private set; } = null!;

    internal Snapshotter Snapshots { get; private set; } = null!;

    internal ImageTable Images { get; private set; } = null!;

    internal EventLog Events { get; } = new(TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);

    internal LoadImages Load => new(Content, Snapshots, Images, Events, NullLogger.Instance);

    internal static async Task<ImageStore> CreateAsync()
    {
        var store = new ImageStore();
        store.Paths.Create();
        await store.OpenAsync();
        return store;
    }

    internal async Task RestartAsync(bool loseState = false)
    {
        await State.DisposeAsync();
        if (loseState)
        {
            File.Delete(Paths.StateDatabase);
        }

        await OpenAsync(loseState);
    }

    internal Task<IReadOnlyList<string>> LoadFileAsync(string path) => LoadAsync(File.OpenRead(path));

    internal async Task<IReadOnlyList<string>> LoadAsync(Stream archive)
    {
        await using (archive)
        {
            return await Load.RunAsync(archive, null, null, CancellationToken.None);
        }
    }

    /// <summary>The names of everything below the data root, for "nothing is left behind".</summary>
    internal IReadOnlyList<string> Leftovers() => [.. Directory.EnumerateFileSystemEntries(Paths.Staging)];

    public async ValueTask DisposeAsync()
    {
        await State.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }

    private async Task OpenAsync(bool stateLost = false)
    {
        State = StateStore.Open(Paths.StateDatabase, TimeProvider.System, NullLogger.Instance);
        Content = new ContentStore(Paths);
        Snapshots = new Snapshotter(Paths, State, Content, Remove, TimeProvider.System, NullLogger.Instance);
        Images = new ImageTable(Content, Snapshots, State, TimeProvider.System, NullLogger.Instance);
        await Snapshots.LoadAsync(stateLost);
        await Images.LoadAsync(stateLost);
    }

    private static void Remove(string path)
    {
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }
    }
}
