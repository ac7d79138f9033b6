using Slipway.Acceptance.Fixture;

namespace Slipway.Acceptance.Building;

/// <summary>A build context on disk, and builds of it with a real client.</summary>
internal sealed class Context
{
    private readonly EngineRoom _room;

    internal Context(EngineRoom room, string dockerfile)
    {
        _room = room;
        Path = Directory.CreateDirectory(System.IO.Path.Combine(room.Home, EngineRoom.Name("ctx"))).FullName;
        Write("Dockerfile", dockerfile);
    }

    /// <summary>The directory.</summary>
    internal string Path { get; }

    /// <summary>Writes a file, with its directories.</summary>
    internal Context Write(string name, string content)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return this;
    }

    /// <summary>Makes a link.</summary>
    internal Context Link(string name, string target)
    {
        File.Delete(System.IO.Path.Combine(Path, name));
        File.CreateSymbolicLink(System.IO.Path.Combine(Path, name), target);
        return this;
    }

    /// <summary>Builds with one of the clients; returns the image's name.</summary>
    internal async Task<string> BuildAsync(string client = "docker", params string[] options)
    {
        var name = EngineRoom.Name("img");
        (await TryAsync(client, ["-t", name, .. options])).Ok();
        return name;
    }

    /// <summary>Builds; the outcome is the caller's.</summary>
    internal async Task<Outcome> TryAsync(string client = "docker", params string[] options)
    {
        using var command = Start(client, options);
        return await command.EndAsync(60);
    }

    /// <summary>Begins to build.</summary>
    internal CommandLine Start(string client, params string[] options) => _room.Start(client, ["build", .. options, Path]);

    /// <summary>Builds and runs the image without a network; returns what it prints.</summary>
    internal async Task<string> PrintsAsync(params string[] command) => (await _room.Run([await BuildAsync(), .. command])).Ok();
}
