using System.Globalization;
using System.Runtime.InteropServices;
using Slipway.Client;
using Slipway.Compose.Actions;
using Slipway.Compose.Logs;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>
/// <c>up</c> in the foreground: makes the containers, starts them, shows their output until all have ended or the user stops them.
/// </summary>
internal sealed class ForegroundUp : IDisposable
{
    private const int Interrupted = 130;
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(200);

    private readonly ComposeCall _compose;
    private readonly Project _project;
    private readonly HashSet<string> _shown;
    private readonly LinePrinter _printer;
    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource<int> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, Task> _followers = [];
    private readonly Dictionary<string, string> _ended = [];
    private readonly Dictionary<string, int> _codes = new(StringComparer.Ordinal);
    private volatile bool _started;
    private int _interrupts;

    private ForegroundUp(ComposeCall compose, Project project, Up created, IReadOnlyList<Service> services)
    {
        (_compose, _project) = (compose, project);
        IEnumerable<string> attached = compose.Flags.Has("attach") ? compose.Flags.List("attach")
            : services.Where(s => s.Attach && (compose.Arguments.Count == 0 || compose.Arguments.Contains(s.Name) || compose.Flags.Bool("attach-dependencies"))).Select(s => s.Name);
        _shown = [.. attached.Except(compose.Flags.List("no-attach"))];
        _printer = new LinePrinter(compose, services.SelectMany(s => created.ContainersOf(s.Name)).Select(c => LogCommands.Short(project.Name, c.Name)));
    }

    /// <param name="compose">The command.</param>
    /// <param name="project">The project.</param>
    /// <param name="create">Makes containers without starting them.</param>
    /// <param name="start">Starts them.</param>
    /// <returns>The exit code of the command.</returns>
    public static async Task<int> RunAsync(ComposeCall compose, Project project, Up create, Up start)
    {
        IReadOnlyList<Service> services = await create.RunAsync(CancellationToken.None);
        compose.Display.Close();
        using ForegroundUp foreground = new(compose, project, create, services);
        return await foreground.RunAsync(create, start, services);
    }

    public void Dispose() => _cancel.Dispose();

    private async Task<int> RunAsync(Up create, Up start, IReadOnlyList<Service> services)
    {
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
        string since = Stamp(_compose.Call.Now);
        await _compose.Error.WriteLineAsync("Attaching to " + string.Join(", ", services.Where(s => _shown.Contains(s.Name)).SelectMany(s => create.ContainersOf(s.Name)).Select(c => LogCommands.Short(_project.Name, c.Name))));
        foreach (ObservedContainer running in services.Where(s => _shown.Contains(s.Name)).SelectMany(s => create.ContainersOf(s.Name)).Where(c => c.Running))
        {
            Follow(running.Id, running.Name, new LogOptions { Follow = true, Tail = "0", Timestamps = _compose.Flags.Bool("timestamps") });
        }

        Task events = WatchAsync(since);
        Task starting = StartAsync(start);
        int code = await _end.Task;
        await _cancel.CancelAsync();
        await Quietly(events);
        await Quietly(starting);
        await Task.WhenAll(_followers.Values);
        return code;
    }

    private async Task StartAsync(Up start)
    {
        try
        {
            await start.RunAsync(_cancel.Token);
            _started = true;
            await EndIfNothingRunsAsync();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _end.TrySetException(e);
        }
    }

    private async Task WatchAsync(string since)
    {
        Filters filters = Filters.None.With("type", "container").With("label", $"{Labels.Project}={_project.Name}");
        try
        {
            await foreach (EventMessage message in _compose.Engine.EventsAsync(since, filters: filters, cancellation: _cancel.Token))
            {
                string service = message.Actor.Attributes.GetValueOrDefault(Labels.Service, "");
                if (message.Actor.Attributes.GetValueOrDefault(Labels.OneOff) is "True" || !_project.Services.ContainsKey(service))
                {
                    continue;
                }

                if (message.Action == "start" && _shown.Contains(service))
                {
                    Follow(message.Actor.ID, message.Actor.Attributes.GetValueOrDefault("name", ""), new LogOptions
                    {
                        Follow = true, Since = _ended.GetValueOrDefault(message.Actor.ID), Timestamps = _compose.Flags.Bool("timestamps"),
                    });
                }
                else if (message.Action == "die")
                {
                    await EndedAsync(message, service);
                }
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _end.TrySetException(e);
        }
    }

    // The log is shown to its end before the end is told.
    private async Task EndedAsync(EventMessage message, string service)
    {
        string id = message.Actor.ID;
        _ended[id] = string.Create(CultureInfo.InvariantCulture, $"{message.TimeNano / 1_000_000_000}.{message.TimeNano % 1_000_000_000:000000000}");
        int code = int.TryParse(message.Actor.Attributes.GetValueOrDefault("exitCode"), CultureInfo.InvariantCulture, out int number) ? number : 0;
        _codes[service] = code;
        if (_followers.TryGetValue(id, out Task? follower))
        {
            await follower;
            _printer.Write(string.Create(CultureInfo.InvariantCulture, $"{LogCommands.Short(_project.Name, message.Actor.Attributes.GetValueOrDefault("name", ""))} exited with code {code}\n"));
        }

        string from = _compose.Flags.String("exit-code-from");
        bool aborts = _compose.Flags.Bool("abort-on-container-exit") || from.Length > 0 || (_compose.Flags.Bool("abort-on-container-failure") && code != 0);
        if (aborts && Volatile.Read(ref _interrupts) == 0)
        {
            _ = AbortAsync(from.Length > 0 ? from : service);
        }
        else if (!aborts)
        {
            _ = EndIfNothingRunsAsync();
        }
    }

    private async Task AbortAsync(string service)
    {
        if (Interlocked.Increment(ref _interrupts) == 1)
        {
            await _compose.Error.WriteLineAsync("Aborting on container exit...");
            await StopAsync();
            await Task.Delay(s_settle, _compose.Call.Time);
            _end.TrySetResult(_codes.GetValueOrDefault(service));
        }
    }

    private async Task EndIfNothingRunsAsync()
    {
        try
        {
            // A restart policy needs a moment to show what it does.
            await Task.Delay(s_settle, _compose.Call.Time, _cancel.Token);
            Observed observed = await Observed.OfAsync(_compose.Engine, _project.Name, _cancel.Token);
            if (_started && Volatile.Read(ref _interrupts) == 0 && !observed.Containers.Any(c => !c.OneOff && c.Running && (_shown.Count == 0 || _shown.Contains(c.Service))))
            {
                _end.TrySetResult(0);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or EngineApiException or IOException)
        {
            // Over, one way or another.
        }
    }

    private void OnSignal(PosixSignalContext signal)
    {
        signal.Cancel = true;
        int count = Interlocked.Increment(ref _interrupts);
        _ = count == 1 ? InterruptAsync() : count == 2 ? KillAsync() : Task.CompletedTask;
    }

    private async Task InterruptAsync()
    {
        await _compose.Error.WriteLineAsync("Gracefully stopping... (press Ctrl+C again to force)");
        await StopAsync();
        _end.TrySetResult(Interrupted);
    }

    private async Task StopAsync()
    {
        try
        {
            await new Lifecycle(_compose.Work, _project, _compose.Timeout).StopAsync([.. _project.Services.Keys], CancellationToken.None);
        }
        catch (Exception e) when (e is EngineApiException or IOException or AggregateException)
        {
            await _compose.Error.WriteLineAsync(e.Message);
        }
    }

    private async Task KillAsync()
    {
        await new Lifecycle(_compose.Work, _project, 0).KillAsync([.. _project.Services.Keys], "SIGKILL", orphans: false, CancellationToken.None);
        _end.TrySetResult(Interrupted);
    }

    private void Follow(string id, string name, LogOptions options) => _followers[id] = Quietly(
        new LogReader(_compose.Engine).CopyAsync(id, options, _printer.Prefix(LogCommands.Short(_project.Name, name)), _printer.Write, _cancel.Token));

    private static async Task Quietly(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception e) when (e is OperationCanceledException or EngineApiException or IOException)
        {
            // The container or the connection is gone; what there was to see has been shown.
        }
    }

    private static string Stamp(DateTimeOffset time) => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
}
