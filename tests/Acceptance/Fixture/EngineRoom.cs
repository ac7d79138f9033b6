using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Fixture;

/// <summary>A private daemon with the busybox image and both clients pointed at it; shared by the classes of a collection.</summary>
public sealed class EngineRoom : IAsyncLifetime
{
    private Scratch? _scratch;
    private PrivateDaemon? _daemon;

    /// <summary>Directory for files of tests; also the clients' home.</summary>
    public string Home { get; private set; } = "";

    /// <summary>The docker client's program: <c>$SLIPWAY_DOCKER</c>, or the first one in the usual places.</summary>
    public static string DockerProgram { get; } =
        Environment.GetEnvironmentVariable("SLIPWAY_DOCKER") ?? (File.Exists("/usr/local/bin/docker") ? "/usr/local/bin/docker" : "/usr/bin/docker");

    /// <summary>Our own client's program, beside the daemon's.</summary>
    public static string SlipwayProgram { get; } = Path.Combine(Path.GetDirectoryName(PrivateDaemon.Program)!, "slipway");

    internal PrivateDaemon Daemon => _daemon ?? throw new InvalidOperationException("not started");

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        (_scratch, _daemon) = await Scratch.BeginAsync();
        Home = Directory.CreateDirectory(Path.Combine(_scratch.Root, "home")).FullName;
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_scratch is { } scratch)
        {
            await scratch.DisposeAsync();
        }
    }

    /// <summary>A name that no other test uses.</summary>
    public static string Name(string prefix = "t") => $"{prefix}-{Guid.NewGuid().ToString("N")[..8]}";

    /// <summary>Runs the docker client to its end with nothing on its standard input.</summary>
    public Task<Outcome> Docker(params string[] arguments) => Client("docker", arguments);

    /// <summary>Runs one of both clients to its end.</summary>
    public async Task<Outcome> Client(string client, params string[] arguments)
    {
        using var command = Start(client, arguments);
        return await command.EndAsync();
    }

    /// <summary>Runs the docker client with this on its standard input.</summary>
    public async Task<Outcome> DockerWith(string input, params string[] arguments)
    {
        using var command = Start("docker", arguments);
        await command.WriteAsync(input);
        return await command.EndAsync();
    }

    /// <summary><c>docker run --rm --network none</c> with these arguments.</summary>
    public Task<Outcome> Run(params string[] arguments) => Docker(["run", "--rm", "--network", "none", .. arguments]);

    /// <summary>Starts a container in the background; returns its name.</summary>
    public async Task<string> Background(params string[] arguments)
    {
        var name = Name();
        (await Docker(["run", "-d", "--network", "none", "--name", name, .. arguments])).Ok();
        return name;
    }

    /// <summary>A container that sleeps; returns its name.</summary>
    public Task<string> Sleeper(params string[] options) => Background([.. options, "busybox", "sleep", "1000"]);

    /// <summary><c>docker inspect -f</c>.</summary>
    public async Task<string> Inspect(string name, string format) => (await Docker("inspect", "-f", format, name)).Ok();

    /// <summary>Removes a container, running or not.</summary>
    public async Task Remove(params string[] names) => (await Docker(["rm", "-f", "-v", .. names])).Ok();

    internal CommandLine Start(string client, params string[] arguments) =>
        CommandLine.Start(client == "docker" ? DockerProgram : SlipwayProgram, ["-H", "unix://" + Daemon.Socket, .. arguments], Home);

    /// <summary>Starts the docker client below a pseudo-terminal of util-linux's script.</summary>
    internal CommandLine StartOnTerminal(string arguments) =>
        CommandLine.Start("/usr/bin/script", ["-qec", $"{DockerProgram} -H unix://{Daemon.Socket} {arguments}", "/dev/null"], Home);
}

/// <summary>Tests of images, volumes and what belongs to a container's making.</summary>
[CollectionDefinition(Name)]
public sealed class MakingCollection : ICollectionFixture<EngineRoom>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "making";
}

/// <summary>Tests of a container's life.</summary>
[CollectionDefinition(Name)]
public sealed class LifeCollection : ICollectionFixture<EngineRoom>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "life";
}

/// <summary>Tests of builds.</summary>
[CollectionDefinition(Name)]
public sealed class BuildCollection : ICollectionFixture<EngineRoom>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "build";
}
