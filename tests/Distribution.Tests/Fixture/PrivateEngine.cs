using Microsoft.Extensions.Logging.Abstractions;
using Slipway.DockerApi;
using Slipway.Distribution.Authorization;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution.Tests.Fixture;

/// <summary>An engine of the test's own in this process, without networks, and a registry client that is impatient.</summary>
internal sealed class PrivateEngine : IAsyncDisposable
{
    internal static readonly DistributionOptions Impatient = new()
    {
        AnswerTimeout = TimeSpan.FromSeconds(5),
        StallTime = TimeSpan.FromMilliseconds(500),
        FirstPause = TimeSpan.FromMilliseconds(5),
        CertsDirectories = [],
        MaxAttempts = 3,
    };

    private readonly string _root;
    private readonly bool _owned;

    private PrivateEngine(SlipwayEngine engine, Registries registries, string root, bool owned) => (Engine, Registries, _root, _owned) = (engine, registries, root, owned);

    internal SlipwayEngine Engine { get; }

    internal Registries Registries { get; }

    internal string Staging => Path.Combine(_root, "data", "staging");

    internal static async Task<PrivateEngine> StartAsync(DistributionOptions? options = null, string? root = null)
    {
        var path = root ?? Directory.CreateTempSubdirectory("slipway-dist-").FullName;
        var engine = await SlipwayEngine.StartAsync(
            new EngineOptions { DataRoot = Path.Combine(path, "data"), ExecRoot = Path.Combine(path, "run"), CgroupParent = "/" + Path.GetFileName(path), Bridge = "none", Firewall = false },
            TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        return new PrivateEngine(engine, Registries.For(engine, options ?? Impatient), path, root is null);
    }

    internal async Task<IReadOnlyList<JsonMessage>> PullAsync(string name, RegistryCredentials? credentials = null, Platform? platform = null, CancellationToken cancel = default)
    {
        var messages = new List<JsonMessage>();
        await Registries.PullImage.RunAsync(new PullRequest(Reference.Parse(name), platform, credentials ?? RegistryCredentials.None), message =>
        {
            lock (messages)
            {
                messages.Add(message);
            }
        }, cancel);
        return messages;
    }

    /// <summary>Asserts that a pull is refused, and that nothing of it is left.</summary>
    internal async Task<string> RefusedAsync(string name, RegistryCredentials? credentials = null)
    {
        var failure = await Assert.ThrowsAsync<EngineException>(() => PullAsync(name, credentials).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System));
        Assert.Null(Engine.Images.Find(name));
        Assert.Empty(Engine.Snapshots.All);
        return failure.Message;
    }

    internal static RegistryCredentials Joe => RegistryCredentials.From(new AuthConfig { Username = "joe", Password = "secret" });

    public async ValueTask DisposeAsync()
    {
        Registries.Dispose();
        await Engine.DisposeAsync();
        if (_owned)
        {
            Directory.Delete(_root, recursive: true);
        }
    }
}
