using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Building;

/// <summary>The stock <c>docker buildx</c>, <c>docker compose</c> v2 and Debian's older client build with BuildKit's API on this engine.</summary>
[Collection(BuildCollection.Name)]
public sealed class BuildxTests(EngineRoom room)
{
    private const string OldDocker = "/usr/bin/docker";

    [Fact]
    public async Task ABuildShowsItsStepsAndSendsNothingTwice()
    {
        var context = new Context(room, "FROM busybox\nCOPY . /files/\nRUN cat /files/a > /b && rm /files/ignored* 2>/dev/null || true\nCMD [\"cat\", \"/b\"]\n")
            .Write("a", "first").Write("ignored1", "x").Write("deep/ignored2", "x").Write(".dockerignore", "ignored1\n**/ignored2\n.dockerignore\n");
        var name = EngineRoom.Name("img");
        var first = await BuildAsync(context, "-t", name);
        Assert.Contains("[internal] load build definition from Dockerfile", first.Error, StringComparison.Ordinal);
        Assert.Contains("[internal] load metadata for docker.io/library/busybox:latest", first.Error, StringComparison.Ordinal);
        Assert.Contains("[2/3] COPY . /files/", first.Error, StringComparison.Ordinal);
        Assert.Contains("naming to docker.io/library/" + name, first.Error, StringComparison.Ordinal);
        Assert.Equal("first", (await room.Run(name)).Ok());
        Assert.Equal("/files/Dockerfile\n/files/a\n/files/deep", (await room.Run(name, "sh", "-c", "find /files -mindepth 1 | sort")).Ok());

        var second = await BuildAsync(context, "-t", name);
        Assert.Contains("[3/3] RUN", second.Error, StringComparison.Ordinal);
        Assert.Equal(2, second.Error.Split(" CACHED\n").Length - 1);
        Assert.DoesNotMatch("transferring context: [1-9][0-9]*B done\n.*\n\n.*COPY", second.Error);
    }

    [Fact]
    public async Task ChangesAreSentAndOlderImagesStayAsTheyAre()
    {
        var context = new Context(room, "FROM busybox\nCOPY . /files/\n").Write("a", "one").Write("gone", "x");
        var (first, second) = (EngineRoom.Name("img"), EngineRoom.Name("img"));
        await BuildAsync(context, "-t", first);
        context.Write("a", "two!");
        File.Delete(Path.Combine(context.Path, "gone"));
        await BuildAsync(context, "-t", second);
        Assert.Equal("one", (await room.Run(first, "cat", "/files/a")).Ok());
        Assert.Equal("two!", (await room.Run(second, "cat", "/files/a")).Ok());
        Assert.Equal("a", (await room.Run(second, "ls", "/files")).Ok().Replace("Dockerfile\n", "", StringComparison.Ordinal));
        Assert.Contains("source.local", (await Buildx("du", "--verbose")).Ok(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PruningKeepsWhatItIsToldTo()
    {
        var context = new Context(room, $"FROM busybox\nCOPY . /c/\nRUN --mount=type=cache,target=/k head -c 3000000 /dev/urandom > /k/f && cat /k/f > /kept; echo {Guid.NewGuid()}\n").Write("f", "x");
        var name = EngineRoom.Name("img");
        await BuildAsync(context, "-t", name);
        foreach (var kept in (string[][])[["--filter", "until=1h"], ["--keep-storage", "10gb"], ["--filter", "id=nothing-has-this"]])
        {
            Assert.Matches("^Total:\\s+0B$", (await Buildx(["prune", "-af", .. kept])).Ok());
        }

        (await Buildx("prune", "-af", "--filter", "colour=red")).Fails("invalid filter 'colour'");

        (await Buildx("prune", "-f", "--filter", "type=exec.cachemount")).Ok();
        Assert.DoesNotContain("exec.cachemount", await KindsAsync(), StringComparison.Ordinal);
        Assert.Contains("source.local", await KindsAsync(), StringComparison.Ordinal);
        (await Buildx("prune", "-f", "--filter", "type=source.local")).Ok();
        Assert.DoesNotContain("source.local", await KindsAsync(), StringComparison.Ordinal);

        // Results that an image has stay without --all, and the oldest go first when room is wanted.
        (await Buildx("prune", "-f")).Ok();
        Assert.Contains(" CACHED", (await BuildAsync(context, "-t", name)).Error, StringComparison.Ordinal);
        (await room.Docker("rmi", "-f", name)).Ok();
        (await Buildx("prune", "-af", "--keep-storage", "1mb")).Ok();
        Assert.DoesNotContain("/kept", (await Buildx("du", "--verbose")).Ok(), StringComparison.Ordinal);
        await BuildAsync(context, "-t", name);
        (await Buildx("prune", "-af")).Ok();
        Assert.Equal("", await KindsAsync());
        Assert.DoesNotContain(" CACHED", (await BuildAsync(context, "-t", name)).Error, StringComparison.Ordinal);
    }

    // As programs that speak HTTP alone ask, such as dockerode and Testcontainers.
    [Fact]
    public async Task AContextMayComeWithTheRequestAndNeedsNoSession()
    {
        var context = new Context(room, "FROM busybox\nCOPY . /files/\n").Write("a", "sent along");
        var archive = Path.Combine(room.Home, EngineRoom.Name("tar"));
        Tool.Run("tar", "-cf", archive, "-C", context.Path, ".");
        Assert.Equal("sent along", (await room.Run(PostBuild(archive), "cat", "/files/a")).Ok());

        var text = Path.Combine(room.Home, EngineRoom.Name("Dockerfile"));
        await File.WriteAllTextAsync(text, "FROM busybox\nRUN echo alone > /a\n");
        Assert.Equal("alone", (await room.Run(PostBuild(text), "cat", "/a")).Ok());

        await File.WriteAllTextAsync(text, "FROM busybox\nRUN --mount=type=secret,id=s,required=true cat /run/secrets/s\n");
        Assert.Contains("\"errorDetail\":{", Post(text, EngineRoom.Name("img")), StringComparison.Ordinal);

        string PostBuild(string body)
        {
            var name = EngineRoom.Name("img");
            Assert.Contains("\"moby.image.id\"", Post(body, name), StringComparison.Ordinal);
            return name;
        }

        string Post(string body, string name) => Tool.Run(
            "curl", "-s", "--unix-socket", room.Daemon.Socket, "-H", "Content-Type: application/x-tar", "-H", "Transfer-Encoding: chunked", "-T", body, "-X", "POST", $"http://engine/v1.41/build?version=2&t={name}");
    }

    private async Task<string> KindsAsync() => string.Join(' ', (await Buildx("du", "--verbose")).Lines().Where(line => line.StartsWith("Type:", StringComparison.Ordinal)).Distinct());

    [Fact]
    public async Task ArgumentsTargetsContextsAndSecrets()
    {
        const string secret = "s3cr3t-of-the-test";
        var context = new Context(room, """
            FROM busybox AS one
            ARG WHO=nobody
            COPY --from=extra f /f
            RUN --mount=type=secret,id=tok,env=TOK --mount=type=secret,id=tok test "$TOK" = "$(cat /run/secrets/tok)" && echo "$WHO ${#TOK}" > /out
            FROM one AS two
            RUN false
            """);
        var extra = new Context(room, "").Write("f", "extra");
        File.WriteAllText(Path.Combine(room.Home, "secret"), secret);
        var name = EngineRoom.Name("img");
        await BuildAsync(context, "-t", name, "--target", "one", "--build-arg", "WHO=me", "--label", "a=b", "--build-context", "extra=" + extra.Path, "--secret", "id=tok,src=" + Path.Combine(room.Home, "secret"));
        Assert.Equal($"me {secret.Length}\nextra", (await room.Run(name, "sh", "-c", "cat /out /f")).Ok());
        Assert.Equal("b", await room.Inspect(name, "{{.Config.Labels.a}}"));
        Assert.DoesNotContain(secret, (await room.Docker("history", "--no-trunc", name)).Ok() + room.Daemon.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FailuresShowTheirPlace()
    {
        var failed = await TryAsync(new Context(room, "FROM busybox\nRUN echo last words; exit 7\n"));
        failed.Fails("did not complete successfully: exit code: 7");
        Assert.Contains(">>> RUN echo last words; exit 7", failed.Error, StringComparison.Ordinal);
        Assert.Contains("last words", failed.Error, StringComparison.Ordinal);
        var wrong = await TryAsync(new Context(room, "FROM busybox\nRUNN true\n"));
        wrong.Fails("unknown instruction: RUNN (did you mean RUN?)");
        Assert.Contains(">>> RUNN true", wrong.Error, StringComparison.Ordinal);
        (await TryAsync(new Context(room, "FROM busybox\nCOPY nothing /\n"))).Fails("nothing");
        (await TryAsync(new Context(room, "FROM busybox\n"), "--target", "nowhere")).Fails("nowhere");
    }

    [Fact]
    public async Task ACancelledBuildLeavesNothing()
    {
        var context = new Context(room, "FROM busybox\nRUN echo begun; sleep 4242\n");
        using var command = Start("buildx", "build", "--progress=plain", "--no-cache", context.Path);
        await Wait.UntilAsync("the command runs", () => Task.FromResult(Running("sleep\04242")));
        command.Process.Kill(entireProcessTree: true);
        await Wait.UntilAsync("the command is gone", () => Task.FromResult(!Running("sleep\04242")));
    }

    [Fact]
    public async Task ResultsComeAsFilesAndArchives()
    {
        var context = new Context(room, "FROM busybox AS b\nRUN mkdir -p /o/d && echo x > /o/d/f && ln -s f /o/d/l && ln /o/d/f /o/d/h\nFROM scratch\nCOPY --from=b /o /\n");
        var directory = Path.Combine(room.Home, EngineRoom.Name("out"));
        await BuildAsync(context, "--output", "type=local,dest=" + directory);
        Assert.Equal("x\n", File.ReadAllText(Path.Combine(directory, "d/f")));
        Assert.Equal("f", new FileInfo(Path.Combine(directory, "d/l")).LinkTarget);
        await BuildAsync(context, "--output", $"type=tar,dest={directory}.tar");
        using var tar = CommandLine.Start("/bin/tar", ["tf", directory + ".tar"], room.Home);
        Assert.Contains("d/f", (await tar.EndAsync()).Ok(), StringComparison.Ordinal);
        var images = (await room.Docker("images", "-aq", "--no-trunc")).Ok();
        await BuildAsync(context, "--output", $"type=docker,name=elsewhere:1,dest={directory}.docker");
        Assert.Equal(images, (await room.Docker("images", "-aq", "--no-trunc")).Ok());
        Assert.Contains("elsewhere:1", (await room.Docker("load", "-i", directory + ".docker")).Ok(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task BakeAndComposeBuild()
    {
        var context = new Context(room, "FROM busybox AS base\nARG X=0\nRUN echo $X > /x\nFROM base\nCOPY f /f\n").Write("f", "f");
        var (m, n) = (EngineRoom.Name("m"), EngineRoom.Name("n"));
        context.Write("docker-bake.json", $$$"""{"group":{"default":{"targets":["m","n"]}},"target":{"m":{"target":"base","tags":["{{{m}}}"]},"n":{"tags":["{{{n}}}"],"args":{"X":"7"} } } }""");
        using (var bake = Start("buildx", "bake", "--progress=plain", "-f", Path.Combine(context.Path, "docker-bake.json"), "--set", "*.context=" + context.Path))
        {
            (await bake.EndAsync(60)).Ok();
        }

        Assert.Equal("0", (await room.Run(m, "cat", "/x")).Ok());
        Assert.Equal("7", (await room.Run(n, "cat", "/x")).Ok());
        context.Write("compose.yaml", "services: {web: {build: {context: ., args: {X: \"9\"}}, image: " + n + "}}\n");
        using (var compose = Start("compose", "--project-directory", context.Path, "-f", Path.Combine(context.Path, "compose.yaml"), "build"))
        {
            (await compose.EndAsync(60)).Ok();
        }

        Assert.Equal("9", (await room.Run(n, "cat", "/x")).Ok());
    }

    [Fact]
    public async Task TargetsOfBakeStartFromEachOther()
    {
        var (app, lib) = (EngineRoom.Name("app"), EngineRoom.Name("lib"));
        var context = new Context(room, "").Write("docker-bake.json", $$$"""
            {"group": {"default": {"targets": ["app", "lib"]}}, "target": {
              "lib": {"dockerfile-inline": "FROM busybox\nENV LIB=yes\nRUN echo lib > /lib\n", "tags": ["{{{lib}}}"]},
              "app": {"dockerfile-inline": "FROM base\nRUN cat /lib > /app; echo $LIB >> /app\n", "contexts": {"base": "target:lib"}, "tags": ["{{{app}}}"]} } }
            """);
        (await Buildx("bake", "--progress=plain", "-f", Path.Combine(context.Path, "docker-bake.json"), "--set", "*.context=" + context.Path)).Ok();
        Assert.Equal("lib\nyes", (await room.Run(app, "cat", "/app")).Ok());
        Assert.DoesNotContain("slipway-build-context", (await room.Docker("images")).Ok(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task DockerfilesAndContextsCanBePipedAndFetched()
    {
        var (piped, name) = (new Context(room, "FROM busybox\nCOPY f /f\n").Write("f", "from the directory"), EngineRoom.Name("img"));
        using (var build = Start("buildx", "build", "--progress=plain", "-t", name, "-f", "-", piped.Path))
        {
            await build.WriteAsync("FROM busybox\nCOPY f /g\n");
            (await build.EndAsync(60)).Ok();
        }

        Assert.Equal("from the directory", (await room.Run(name, "cat", "/g")).Ok());
        Assert.StartsWith("Check complete, no warnings found.", (await room.Client("slipway", "build", "--check", piped.Path)).Ok(), StringComparison.Ordinal);
        Assert.Contains("COPY f /f", (await room.Client("slipway", "build", "--graph", "text", piped.Path)).Ok(), StringComparison.Ordinal);
        Assert.StartsWith("<svg", (await room.Client("slipway", "build", "--graph", "svg", piped.Path)).Ok(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheOlderClientBuildsOverHttp()
    {
        if (!File.Exists(OldDocker))
        {
            return;
        }

        var context = new Context(room, "FROM busybox\nCOPY f /f\nRUN --mount=type=tmpfs,target=/t cat /f\n").Write("f", "older");
        var name = EngineRoom.Name("img");
        using var command = CommandLine.Start(OldDocker, ["-H", "unix://" + room.Daemon.Socket, "build", "--progress=plain", "-t", name, context.Path], room.Home);
        var outcome = await command.EndAsync(60);
        outcome.Ok();
        Assert.Contains("[2/3] COPY f /f", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("older", (await room.Run(name, "cat", "/f")).Ok());
    }

    private async Task<Outcome> BuildAsync(Context context, params string[] options)
    {
        var outcome = await TryAsync(context, options);
        outcome.Ok();
        return outcome;
    }

    private Task<Outcome> TryAsync(Context context, params string[] options) => Buildx(["build", "--progress=plain", .. options, context.Path]);

    private Task<Outcome> Buildx(params string[] arguments) => Plugged.RunAsync(room, ["buildx", .. arguments]);

    private CommandLine Start(params string[] arguments) => Plugged.Start(room, arguments);

    private static bool Running(string text) => Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])).Any(path =>
    {
        try
        {
            return File.ReadAllText(Path.Combine(path, "cmdline")).StartsWith(text, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    });
}
