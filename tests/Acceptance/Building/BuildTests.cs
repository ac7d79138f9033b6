using Slipway.Acceptance.Fixture;

namespace Slipway.Acceptance.Building;

/// <summary><c>docker build</c> with the classic endpoint, through real clients.</summary>
[Collection(BuildCollection.Name)]
public sealed class BuildTests(EngineRoom room)
{
    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task AnImageIsBuiltAndRuns(string client)
    {
        var context = new Context(room, """
            FROM busybox AS tools
            RUN echo made > /made
            FROM busybox
            ENV GREETING=hello
            WORKDIR /srv/app
            COPY --from=tools /made .
            COPY data/ ./data/
            RUN test "$PWD" = /srv/app && cat made > copy
            CMD ["sh", "-c", "echo $GREETING $(cat copy) $(cat data/file); pwd"]
            """).Write("data/file", "text");
        var image = await context.BuildAsync(client, "--label", "a=b");
        Assert.Equal("hello made text\n/srv/app", (await room.Run(image)).Ok());
        Assert.Equal("b", await room.Inspect(image, "{{.Config.Labels.a}}"));
        Assert.Contains("WORKDIR /srv/app", (await room.Docker("history", "--no-trunc", image)).Ok(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ProgressIsTheClassicBuilders()
    {
        var context = new Context(room, "FROM busybox\nENV A=b\nRUN echo out; echo err >&2\n");
        var name = EngineRoom.Name("img");
        var output = (await context.TryAsync("docker", "-t", name)).Ok();
        Assert.Contains("Step 1/3 : FROM busybox\n ---> ", output, StringComparison.Ordinal);
        Assert.Contains("Step 3/3 : RUN echo out; echo err >&2\n ---> Running in ", output, StringComparison.Ordinal);
        Assert.Contains("\nout\n", output, StringComparison.Ordinal);
        Assert.Contains("\nerr\n", output, StringComparison.Ordinal);
        Assert.Contains($"Successfully tagged {name}:latest", output, StringComparison.Ordinal);
        Assert.Contains(" ---> Using cache\n", (await context.TryAsync()).Ok(), StringComparison.Ordinal);
        var quiet = (await context.TryAsync("docker", "-q")).Ok();
        Assert.Equal(await room.Inspect(name, "{{.Id}}"), quiet);
    }

    [Fact]
    public async Task AFailedCommandIsNamedAndWhatWasDoneIsKept()
    {
        var context = new Context(room, $"FROM busybox\nRUN echo {Guid.NewGuid()} > /done\nRUN echo broken; exit 7\n");
        var failed = await context.TryAsync();
        failed.Fails("The command '/bin/sh -c echo broken; exit 7' returned a non-zero code: 7", 7);
        Assert.Contains("broken", failed.Output, StringComparison.Ordinal);
        context.Write("Dockerfile", (await File.ReadAllTextAsync(Path.Combine(context.Path, "Dockerfile"))).Replace("exit 7", "exit 0", StringComparison.Ordinal));
        Assert.Contains(" ---> Using cache", (await context.TryAsync()).Ok(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("docker")]
    [InlineData("slipway")]
    public async Task ImagesAreNamedByTheirIdsToo(string client)
    {
        var nameless = (await new Context(room, $"FROM busybox\nRUN echo {Guid.NewGuid()} > /a\n").TryAsync("docker", "-q")).Ok();
        var hex = nameless["sha256:".Length..];
        foreach (var id in (string[])[nameless, hex, hex[..12]])
        {
            var image = await new Context(room, $"FROM {id}\nRUN cp /a /b\nFROM busybox\nCOPY --from={id} /a /c\nCOPY --from=0 /b /b\n").BuildAsync(client);
            Assert.Equal("same", (await room.Run(image, "sh", "-c", "test -s /b && [ \"$(cat /b)\" = \"$(cat /c)\" ] && echo same")).Ok());
        }

        (await new Context(room, $"ARG BASE={hex}\nFROM $BASE\n").TryAsync(client, "--pull")).Ok();
        (await new Context(room, $"FROM {hex[..11]}\n").TryAsync(client)).Fails(hex[..11]);

        // A name comes first.
        (await room.Docker("tag", "busybox", hex[..12])).Ok();
        (await room.Run(await new Context(room, $"FROM {hex[..12]}\n").BuildAsync(client), "cat", "/a")).Exits(1);
        (await room.Docker("rmi", hex[..12] + ":latest")).Ok();
    }

    [Fact]
    public async Task MistakesAreRefused()
    {
        (await new Context(room, "FROM no-such-image\n").TryAsync()).Fails("no-such-image");
        (await new Context(room, "FROM busybox\nCOPY missing /\n").TryAsync()).Fails("missing");
        (await new Context(room, "FROM busybox\nNONSENSE\n").TryAsync()).Fails("unknown instruction");
        (await new Context(room, "FROM busybox\n").TryAsync("docker", "-f", "Other")).Exits(1);
        (await new Context(room, "FROM busybox\n").TryAsync("docker", "-t", "BAD")).Fails("invalid", 125);
        (await new Context(room, "FROM busybox\n").TryAsync("docker", "--target", "nothing")).Fails("nothing");
        (await new Context(room, "FROM busybox\nUSER nobody-here\nRUN true\n").TryAsync()).Fails("nobody-here");
        (await new Context(room, "FROM scratch\nRUN true\n").TryAsync()).Fails("/bin/sh");
    }

    [Fact]
    public async Task EqualWorkOfConcurrentBuildsRunsOnce()
    {
        var dockerfile = $"FROM busybox\nRUN sleep 1; cat /proc/sys/kernel/random/uuid > /id # {Guid.NewGuid()}\n";
        var images = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => new Context(room, dockerfile).BuildAsync()));
        var ids = await Task.WhenAll(images.Select(async image => (await room.Run(image, "cat", "/id")).Ok()));
        Assert.Single(ids.Distinct());
    }

    [Fact]
    public async Task CommandsHaveTheEnginesLimits()
    {
        var context = new Context(room, "FROM busybox\nRUN grep -E 'CapEff|Seccomp:' /proc/self/status; ulimit -n; cat /sys/fs/cgroup/memory/memory.limit_in_bytes; df /dev/shm | tail -1; grep extra /etc/hosts\n");
        var output = (await context.TryAsync("docker", "--no-cache", "--memory", "64m", "--ulimit", "nofile=512:512", "--shm-size", "32m", "--add-host", "extra:10.1.2.3")).Ok();
        Assert.Contains("CapEff:\t00000000a80425fb", output, StringComparison.Ordinal);
        Assert.Contains("Seccomp:\t2", output, StringComparison.Ordinal);
        Assert.Contains("\n512\n", output, StringComparison.Ordinal);
        Assert.Contains("\n67108864\n", output, StringComparison.Ordinal);
        Assert.Contains("32768", output, StringComparison.Ordinal);
        Assert.Contains("10.1.2.3\textra", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MountsLeaveNothingInLayers()
    {
        var id = Guid.NewGuid().ToString("N");
        var context = new Context(room, $"""
            FROM busybox
            RUN --mount=type=bind,target=/src --mount=type=cache,target=/var/cache/x,id={id} --mount=type=tmpfs,target=/scratch \
                cp /src/file /copied && echo cached > /var/cache/x/kept && echo gone > /scratch/gone && ! touch /src/file
            RUN --mount=type=cache,target=/again,id={id} cp /again/kept /kept
            """).Write("file", "content");
        Assert.Equal("content\ncached\n0", await context.PrintsAsync("sh", "-c", "cat /copied; echo; cat /kept; ls -d /src /var/cache/x /scratch /again 2>/dev/null | wc -l"));
    }

    [Fact]
    public async Task OwnersModesAndLinksAreCopiedAsAsked()
    {
        var context = new Context(room, """
            FROM busybox
            RUN mkdir -p /real && ln -s /real /link && echo old > /real/old
            COPY tree /link/
            COPY --chown=12:34 --chmod=0640 a.txt b.txt /owned/
            COPY a* /wild/
            COPY a.txt /plain/renamed
            """).Write("tree/sub/x", "x").Write("a.txt", "a").Write("b.txt", "b").Link("tree/l", "sub/x");
        File.SetUnixFileMode(Path.Combine(context.Path, "tree/sub/x"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var output = await context.PrintsAsync("sh", "-c", "cat /real/old /real/sub/x; echo; readlink /real/l; stat -c '%a %u %g' /real/sub/x /owned/a.txt /owned/b.txt /plain/renamed; ls /wild");
        Assert.Equal("old\nx\nsub/x\n500 0 0\n640 12 34\n640 12 34\n644 0 0\na.txt", output);
    }

    [Fact]
    public async Task PatternsOfWhatIsLeftOutAreRelativeToWhatIsCopied()
    {
        var context = new Context(room, """
            FROM busybox AS files
            COPY . /all/
            FROM busybox
            COPY --exclude=*.txt --exclude=*.md hom* /named/
            COPY --exclude=*.txt d /one/
            COPY --exclude=**/*.txt d /deep/
            COPY --exclude=*.txt d* /many/
            COPY --from=files --exclude=*.txt --exclude=sub /all/d /staged/
            COPY --parents --exclude=d/sub --exclude=e d e /kept/
            """).Write("home1.txt", "").Write("home2.md", "").Write("home3.cfg", "").Write("d/a.txt", "").Write("d/b", "").Write("d/sub/c.txt", "").Write("e/f", "");
        var name = await context.BuildAsync();
        Assert.Equal(
            "/deep/b\n/kept/d/a.txt\n/kept/d/b\n/many/b\n/many/sub/c.txt\n/named/home3.cfg\n/one/b\n/one/sub/c.txt\n/staged/b",
            (await room.Run(name, "sh", "-c", "find /named /one /deep /many /staged /kept -type f | sort")).Ok());
    }

    [Fact]
    public async Task AddUnpacksArchives()
    {
        var context = new Context(room, "FROM busybox\nADD a.tar.gz /out/\nCOPY a.tar.gz /packed\n").Write("in/file", "packed");
        Faults.Fixture.Tool.Run("tar", "-czf", Path.Combine(context.Path, "a.tar.gz"), "-C", Path.Combine(context.Path, "in"), "file");
        Assert.Equal("packed\n1", await context.PrintsAsync("sh", "-c", "cat /out/file; echo; tar tzf /packed | wc -l"));
    }

    [Fact]
    public async Task StagesThatAreNotNeededAreNotBuilt()
    {
        var context = new Context(room, "FROM busybox AS broken\nRUN false\nFROM busybox AS fine\nRUN true\nFROM broken\n");
        (await context.TryAsync("docker", "--target", "fine")).Ok();
        (await context.TryAsync()).Fails("non-zero code: 1");
    }
}
