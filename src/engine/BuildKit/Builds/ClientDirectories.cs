using Slipway.Build;
using Slipway.Build.Context;
using Slipway.BuildKit.Sessions;
using Slipway.BuildKit.Sync;

namespace Slipway.BuildKit.Builds;

/// <summary>The directories of the client that a build uses, each brought up to date when it is first needed.</summary>
internal sealed class ClientDirectories(Builder builder, SessionTable sessions, ClientBuild build, FrontendOptions options) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<HeldMirror> _held = [];
    private RemoteContext? _remote;

    /// <summary>Gets a directory's files.</summary>
    /// <param name="request">What of it.</param>
    /// <param name="keep">Whether the copy is worth keeping for the next build.</param>
    /// <param name="step">Shows how it goes.</param>
    /// <param name="cancel">Stops it.</param>
    internal async Task<BuildContext> GetAsync(DirectoryRequest request, bool keep, ProgressStep step, CancellationToken cancel)
    {
        var session = options.SessionOf(request.Name) is { Length: > 0 } other ? await sessions.GetAsync(other, cancel).ConfigureAwait(false) : build.Session;
        var key = keep && session.SharedKey.Length > 0 ? $"{session.SharedKey}\0{request.Name}\0{options.FileName}" : null;
        var held = builder.Mirrors.Take(key);
        lock (_lock)
        {
            _held.Add(held);
        }

        var part = $"transferring {(keep ? "context" : request.Name)}:";
        var shown = 0L;
        long bytes = 0;
        await ReceiveDirectory.RunAsync(session, request, held.Mirror, Show, cancel).ConfigureAwait(false);
        step.Part(part, bytes, 0, done: true);
        return held.Mirror.Files;

        void Show(long received)
        {
            const int often = 1 << 20;
            bytes = received;
            if (received - shown >= often)
            {
                shown = received;
                step.Part(part, received, 0, done: false);
            }
        }
    }

    /// <summary>Takes a fetched context over.</summary>
    internal RemoteContext Own(RemoteContext remote)
    {
        lock (_lock)
        {
            _remote = remote;
        }

        return remote;
    }

    public ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _remote?.Dispose();
            _remote = null;
            _held.ForEach(held => held.Dispose());
            _held.Clear();
        }

        return ValueTask.CompletedTask;
    }
}
