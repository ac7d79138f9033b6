using Microsoft.Extensions.Logging;
using Slipway.Api;
using Slipway.Api.Routing;
using Slipway.Transport;
using Slipway.Build;
using Slipway.BuildKit;
using Slipway.BuildKit.Sessions;
using Slipway.Daemon.Listeners;
using Slipway.Daemon.Logging;
using Slipway.Daemon.Options;
using Slipway.Daemon.Process;
using Slipway.Distribution;
using Slipway.Distribution.Authorization;
using Slipway.Engine;
using Slipway.Linux;

namespace Slipway.Daemon;

/// <summary>The daemon's life: lock, sockets, engine, API, signals, and the same backwards. Containers are not part of it: they run on.</summary>
internal static class DaemonProcess
{
    /// <summary>The product's version.</summary>
    public static string Version { get; } = typeof(DaemonProcess).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>Runs until a signal asks for the end.</summary>
    /// <param name="settings">What it was told.</param>
    /// <param name="readAgain">Reads flags and file once more, for SIGHUP.</param>
    /// <exception cref="OptionException">It cannot start with these settings.</exception>
    public static async Task<int> RunAsync(DaemonSettings settings, Func<DaemonSettings> readAgain)
    {
        NativeHeap.Share(arenas: 2);
        var time = TimeProvider.System;
        using var log = new StderrLog(time, settings.LogFormat == "json");
        log.Least = Level(settings);
        var room = log.CreateLogger("daemon");
        room.LogInformation("slipwayd {Version} starts: data root {DataRoot}, pid {Pid}", Version, settings.DataRoot, Environment.ProcessId);
        foreach (var name in settings.WithoutEffect.Distinct())
        {
            room.LogWarning("option {Name} has no effect in this version", name);
        }

        var options = settings.ToEngineOptions();
        using var rootLock = DataRootLock.Take(new EnginePaths(options.DataRoot, options.ExecRoot));
        using var pidFile = PidFile.Write(settings.PidFile);
        var endPoints = ListenSockets.Open(settings);
        using var trim = new IdleTrim(time);
        SlipwayEngine? running = null;
        using var signals = new StopSignals(() => Reload(readAgain, running, log, room));

        // The server gets ready on another processor while the engine does; requests wait for both.
        var routes = new TaskCompletionSource<RouteTable>(TaskCreationOptions.RunContinuationsAsynchronously);
        var serving = Task.Run(() => ApiServer.StartAsync(routes.Task, endPoints, time, log));
        try
        {
            await using var engine = await SlipwayEngine.StartAsync(options, time, log, CancellationToken.None);
            running = engine;
            await using var registry = await RegistryListener.StartAsync(settings, engine, log, room);
            using var registries = Registries.For(engine, registry?.Own, registry?.Copies);
            using var builder = new Builder(engine, log) { Pull = (name, platform, cancel) => registries.PullImage.RunAsync(new PullRequest(name, platform, RegistryCredentials.None), null, cancel) };
            var buildKit = new BuildKitDoor(builder, registries, log);
            var table = ApiRoutes.For(engine, builder, registries, Upgrades(builder, buildKit), () => log.Least <= LogLevel.Debug);
            OwnRegistryEndpoint.Map(table, registry?.Own);
            var server = await serving;
            routes.SetResult(table);
            await ServeAsync(server, endPoints, room, signals);
            return 0;
        }
        catch (EngineException e)
        {
            room.LogCritical("the engine cannot start: {Reason}", e.Message);
            return 1;
        }
        finally
        {
            routes.TrySetCanceled();
            await (await serving).DisposeAsync();
        }
    }

    private static BuildKitEndpoints Upgrades(Builder builder, BuildKitDoor door) => new(
        builder,
        (_, connection, gone) => door.ServeAsync(connection, gone),
        (asked, connection, gone) => door.JoinAsync(connection, SessionHello.Of(asked), gone),
        (build, context, report, gone) => door.BuildAsync(new HttpBuild(build.Id, build.Session, context, build.Options, build.Exporter, build.ExporterOptions), report, gone),
        door.UploadAsync);

    private static async Task ServeAsync(ApiServer server, IReadOnlyList<BoundEndPoint> endPoints, ILogger room, StopSignals signals)
    {
        foreach (var endPoint in endPoints)
        {
            room.LogInformation("API listen on {Address}", endPoint);
        }

        ServiceNotify.Send("READY=1");
        var signal = await signals.Stop;
        ServiceNotify.Send("STOPPING=1");
        room.LogInformation("{Signal}: slipwayd stops, containers run on", signal);
        await server.StopAsync();
    }

    // What can change while running: the level of the log, labels, registries. The rest needs a restart, which costs containers nothing.
    private static void Reload(Func<DaemonSettings> readAgain, SlipwayEngine? engine, StderrLog log, ILogger room)
    {
        try
        {
            var fresh = readAgain();
            log.Least = Level(fresh);
            engine?.Reload(fresh.ToEngineOptions());
            room.LogInformation("configuration reloaded: log level {Level}", log.Least);
        }
        catch (OptionException e)
        {
            room.LogError("configuration not reloaded: {Reason}", e.Message);
        }
    }

    private static LogLevel Level(DaemonSettings settings) => settings.Debug ? LogLevel.Debug : StderrLog.Level(settings.LogLevel);
}
