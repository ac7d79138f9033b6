using Slipway.Platform.Access;
using Slipway.Platform.Api;
using Slipway.Platform.Apps;
using Slipway.Platform.Builds;
using Slipway.Platform.Deploys;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;
using Slipway.Platform.Secrets;
using Slipway.Platform.Settings;
using Slipway.Platform.Sources;
using Slipway.Platform.Store;
using Slipway.Platform.Web;
using Slipway.Platform.Webhooks;

namespace Slipway.Platform;

/// <summary>Puts the platform together and runs it.</summary>
internal static class PlatformServer
{
    private const long MaxBody = 4 * 1024 * 1024;

    internal static async Task RunAsync(ServerOptions options)
    {
        PrivateFile.Directory(options.DataRoot);
        using var single = Lock(options);
        EmptyStaging(options);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Listen(options.Listen);
        });
        builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true).SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning);
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default));
        AddRooms(builder.Services, options);
        var app = builder.Build();
        Prepare(app.Services, options);
        app.Use(next => context => Problems.CatchAsync(context, next));
        app.Use(next => context => Guard.PassAsync(context, options, next));
        var gate = app.Services.GetRequiredService<Gate>();
        app.Use(next => context => Callers.PassAsync(context, gate, next));
        app.UseWebSockets();
        Map(app);
        await app.RunAsync().ConfigureAwait(false);
    }

    private static void AddRooms(IServiceCollection services, ServerOptions options)
    {
        string File(string name) => Path.Combine(options.DataRoot, name);
        services.AddSingleton(options).AddSingleton(TimeProvider.System)
            .AddSingleton(_ => PlatformStore.Open(File("platform.db"))).AddSingleton(_ => SecretBox.Open(File("key"))).AddSingleton(_ => PlatformIdentity.Open(File("identity")))
            .AddSingleton<Gate>().AddSingleton<AuditLog>().AddSingleton<Refusals>().AddSingleton<EnginePool>().AddSingleton<EngineTwins>().AddSingleton<ProxyContainer>().AddSingleton<Routes>().AddSingleton<PasswordHash>()
            .AddSingleton<AppRoom>().AddSingleton<ServerRoom>().AddSingleton<Variables>().AddSingleton<AppRepositories>().AddSingleton<DirectoryImport>().AddSingleton<DeployKeys>().AddSingleton<ImageRegistry>().AddSingleton<GitRemote>()
            .AddSingleton<BuildSlots>().AddSingleton<BuildPlanner>().AddSingleton<ImageBuild>().AddSingleton<PulledImages>().AddSingleton<ReleaseBuild>().AddSingleton<ComposeReader>().AddSingleton<ComposeRelease>()
            .AddSingleton<DeploymentLogs>().AddSingleton<AppContainers>().AddSingleton<ServiceContainers>().AddSingleton<ServiceRollout>().AddSingleton<HealthBarrier>().AddSingleton<ProcessStart>().AddSingleton<DeploymentRun>().AddSingleton<Recovery>().AddSingleton<Cleanup>()
            .AddSingleton<DeployQueue>().AddSingleton<AppLife>().AddSingleton<AppViews>().AddSingleton<PushEvents>().AddSingleton<WebPassword>().AddSingleton<WebSessions>().AddHostedService<Upkeep>();
    }

    private static void Prepare(IServiceProvider services, ServerOptions options)
    {
        var store = services.GetRequiredService<PlatformStore>();
        if (!store.Servers.All.Any())
        {
            var server = new Server { Id = Identity.New(), Name = "local", Address = options.Engine, HttpPort = options.HttpPort, HttpsPort = options.HttpsPort };
            store.Commit(store.Servers.Put(server.Id, server));
        }

        services.GetRequiredService<WebPassword>();
        services.GetRequiredService<Gate>().EnsureLocalToken(Path.Combine(options.DataRoot, "token"));
    }

    private static void Map(WebApplication app)
    {
        app.MapGet("/health", () => "ok");
        app.MapGet("/openapi.json", (EndpointDataSource endpoints) => Results.Text(OpenApi.Write(endpoints), "application/json"));
        var gate = app.Services.GetRequiredService<Gate>();
        var api = app.MapGroup("/api/v1");
        AppEndpoints.Map(api);
        DeployEndpoints.Map(api);
        ExecEndpoints.Map(api);
        PlaceEndpoints.Map(api);
        GitEndpoints.Map(app, gate);
        WebhookEndpoints.Map(app);
        WebEndpoints.Map(app);
    }

    // Two platforms on one directory would deploy everything twice.
    private static FileStream Lock(ServerOptions options)
    {
        try
        {
            return new FileStream(Path.Combine(options.DataRoot, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new InvalidDataException($"{options.DataRoot} is used by another slipway-server", e);
        }
    }

    private static void EmptyStaging(ServerOptions options)
    {
        var staging = Path.Combine(options.DataRoot, "staging");
        if (Directory.Exists(staging))
        {
            Directory.Delete(staging, recursive: true);
        }
    }
}
