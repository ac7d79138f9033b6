using System.Text.RegularExpressions;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Fixture;

/// <summary>A daemon of the test's own whose registry listens on a free port of the loopback, with busybox, and an empty home.</summary>
public abstract partial class RegistryRoom : IAsyncLifetime
{
    /// <summary>What is removed at the end.</summary>
    private protected Scratch Room { get; } = new();

    /// <summary>The daemon.</summary>
    private protected PrivateDaemon Daemon { get; private set; } = null!;

    /// <summary>Where its registry listens, as IP:PORT.</summary>
    protected string Address => ListenPattern().Matches(Daemon.Log)[^1].Groups[1].Value;

    /// <summary>The registry as people name it: localhost:PORT.</summary>
    protected string LocalName => "localhost:" + Address.Split(':')[1];

    /// <summary>Home of those who run commands.</summary>
    protected string Home => Path.Combine(Room.Root, "home");

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        Daemon = Room.Daemon(options: ["--registry-listen", "127.0.0.1:0"]);
        await Daemon.StartAsync();
        await Daemon.LoadAsync(BusyboxImage.Archive());
        Directory.CreateDirectory(Home);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync() => await Room.DisposeAsync();

    [GeneratedRegex(@"registry listens on (\S+)")]
    private static partial Regex ListenPattern();
}
