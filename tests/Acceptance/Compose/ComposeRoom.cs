using Slipway.Acceptance.Fixture;

namespace Slipway.Acceptance.Compose;

/// <summary>Tests of <c>slipway compose</c>.</summary>
[CollectionDefinition(Name)]
public sealed class ComposeCollection : ICollectionFixture<EngineRoom>
{
    /// <summary>The collection's name.</summary>
    public const string Name = "compose";
}

/// <summary>An application in a directory of its own, on the room's engine; gone with everything it made when it is disposed.</summary>
internal sealed class Application : IAsyncDisposable
{
    private readonly EngineRoom _room;

    internal Application(EngineRoom room, string text)
    {
        _room = room;
        Name = EngineRoom.Name("pj").Replace("-", "", StringComparison.Ordinal);
        Directory = System.IO.Directory.CreateDirectory(Path.Combine(room.Home, Name)).FullName;
        Write("compose.yaml", text);
    }

    /// <summary>The project's name.</summary>
    internal string Name { get; }

    /// <summary>Its directory.</summary>
    internal string Directory { get; }

    /// <summary>Writes one of its files.</summary>
    internal void Write(string name, string text) => File.WriteAllText(Path.Combine(Directory, name), text);

    /// <summary>Starts <c>slipway compose</c>.</summary>
    internal CommandLine Start(params string[] arguments) => _room.Start("slipway", ["compose", "--project-directory", Directory, "-f", Path.Combine(Directory, "compose.yaml"), "-p", Name, .. arguments]);

    /// <summary>Runs <c>slipway compose</c> to its end.</summary>
    internal async Task<Outcome> Compose(params string[] arguments)
    {
        using CommandLine command = Start(arguments);
        return await command.EndAsync(90);
    }

    /// <summary>Runs Debian's docker-compose 1.29 on the project.</summary>
    internal async Task<Outcome> Old(params string[] arguments)
    {
        using CommandLine command = CommandLine.Start("/usr/bin/docker-compose", ["-H", "unix://" + _room.Daemon.Socket, "--project-directory", Directory, "-f", Path.Combine(Directory, "compose.yaml"), "-p", Name, .. arguments], _room.Home);
        return await command.EndAsync(90);
    }

    /// <summary>Ids of its containers by their name.</summary>
    internal async Task<IReadOnlyDictionary<string, string>> Containers()
    {
        string text = (await _room.Docker("ps", "-a", "--no-trunc", "--filter", "label=com.docker.compose.project=" + Name, "--format", "{{.Names}} {{.ID}}")).Ok();
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ')).ToDictionary(p => p[0], p => p[1]);
    }

    public async ValueTask DisposeAsync()
    {
        (await Compose("--profile", "*", "down", "-v", "-t", "0", "--remove-orphans")).Ok();
        Assert.Empty(await Containers());
    }
}
