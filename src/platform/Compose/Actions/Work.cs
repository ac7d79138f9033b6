using Slipway.Client;

namespace Slipway.Compose.Actions;

/// <summary>What every action needs: the engine, the clock, whom to tell, and whether anything is really done.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Time">The clock.</param>
/// <param name="Report">Is told of progress, from several threads.</param>
/// <param name="DryRun">Whether things are only told and not done.</param>
public sealed record Work(EngineClient Engine, TimeProvider Time, Action<Progress> Report, bool DryRun)
{
    /// <summary>Bounds how many things are done at once; null for no bound.</summary>
    public SemaphoreSlim? AtOnce { get; init; }

    /// <summary>Does something to one object and tells about it.</summary>
    /// <param name="kind">Kind of the object.</param>
    /// <param name="name">Its name.</param>
    /// <param name="doing">Word for the doing, such as <c>Creating</c>.</param>
    /// <param name="done">Word for afterwards.</param>
    /// <param name="action">What is done.</param>
    public async Task DoAsync(string kind, string name, string doing, string done, Func<Task> action)
    {
        await (AtOnce?.WaitAsync() ?? Task.CompletedTask).ConfigureAwait(false);
        Report(new Progress(kind, name, doing, ProgressState.Working));
        try
        {
            if (!DryRun)
            {
                await action().ConfigureAwait(false);
            }
        }
        catch
        {
            Report(new Progress(kind, name, "Error", ProgressState.Failed));
            throw;
        }
        finally
        {
            AtOnce?.Release();
        }

        Report(new Progress(kind, name, done, ProgressState.Done));
    }
}
