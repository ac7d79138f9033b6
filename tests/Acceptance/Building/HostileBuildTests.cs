using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Building;

/// <summary>Contexts and archives that try to get out; secrets that must not; builds that are killed.</summary>
[Collection(BuildCollection.Name)]
public sealed class HostileBuildTests(EngineRoom room)
{
    [Theory]
    [InlineData("COPY ../../../../../../../../etc/hostname /got\n")]
    [InlineData("COPY /../../etc/hostname /got\n")]
    [InlineData("COPY out /got\n")]
    [InlineData("COPY updir/hostname /got\n")]
    [InlineData("COPY up*/hostname /got\n")]
    [InlineData("ADD out /got\n")]
    [InlineData("RUN --mount=type=bind,source=out,target=/mnt cat /mnt > /got\n")]
    [InlineData("RUN --mount=type=bind,source=../../etc/hostname,target=/mnt cat /mnt > /got\n")]
    public async Task NothingOutsideTheContextIsRead(string step)
    {
        var context = new Context(room, "FROM busybox\n" + step).Link("out", "/etc/hostname").Link("updir", "../../../../../../etc");
        var outcome = await context.TryAsync();
        Assert.NotEqual(0, outcome.Code);
    }

    [Fact]
    public async Task ArchivesStayInTheirDestination()
    {
        var context = new Context(room, "FROM busybox\nRUN ln -s / /r\nADD evil.tar /dest/\n");
        Directory.CreateDirectory(Path.Combine(context.Path, "w"));
        File.CreateSymbolicLink(Path.Combine(context.Path, "w/l"), "/tmp");
        context.Write("v/l/escaped-by-link", "x").Write("v/up", "x");
        var archive = Path.Combine(context.Path, "evil.tar");
        Tool.Run("tar", "-cf", archive, "-C", Path.Combine(context.Path, "w"), "l");
        Tool.Run("tar", "-rf", archive, "-C", Path.Combine(context.Path, "v"), "l/escaped-by-link");
        await context.TryAsync();
        Assert.False(File.Exists("/tmp/escaped-by-link"));
        File.Delete(archive);
        Tool.Run("tar", "-cf", archive, "-P", "--transform=s,up,../../../../../../tmp/slipway-escaped,", "-C", Path.Combine(context.Path, "v"), "up");
        (await context.TryAsync()).Exits(1);
        Assert.False(File.Exists("/tmp/slipway-escaped"));
    }

    [Fact]
    public async Task DeletingEverythingInACommandTouchesOnlyTheStep()
    {
        var context = new Context(room, """
            FROM busybox
            RUN --mount=type=bind,target=/src,rw --mount=type=bind,from=busybox,target=/base,rw rm -rf /src/* /base/* /etc /home 2>/dev/null; ls /src /base | wc -l
            RUN --mount=type=bind,target=/src test -f /src/file && test -d /bin
            """).Write("file", "x");
        (await context.TryAsync()).Ok();
        Assert.True(File.Exists(Path.Combine(context.Path, "file")));
        (await room.Run("busybox", "ls", "/etc")).Ok();
    }

    [Fact]
    public async Task CancellingTheClientLeavesNothing()
    {
        var mark = 100_000 + Random.Shared.Next(100_000);
        var context = new Context(room, $"FROM busybox\nRUN sleep {mark}\n");
        using (var build = context.Start("docker"))
        {
            await Wait.UntilAsync("the command runs", () => Running(mark) > 0);
            build.Process.Kill();
        }

        await Wait.UntilAsync("the command is gone", () => Running(mark) == 0);
        await Wait.UntilAsync("nothing is left of the step", () => !Leftovers());
    }

    /// <summary>Check 10: an answer that merely ended would look like success.</summary>
    [Fact]
    public async Task Check10_ABuildThatTheDaemonsEndCutsShortFails()
    {
        var mark = 300_000 + Random.Shared.Next(100_000);
        using var build = new Context(room, $"FROM busybox\nRUN sleep {mark}\n").Start("docker");
        await Wait.UntilAsync("the command runs", () => Running(mark) > 0);
        await room.Daemon.StopAsync();
        (await build.EndAsync(20)).Fails("the build was cancelled");
        Assert.Equal(0, Running(mark));
        await room.Daemon.StartAsync();
        await Wait.UntilAsync("nothing is left of the step", () => !Leftovers());
    }

    [Fact]
    public async Task OtherBuildsOfTheSameWorkGoOnWhenOneIsCancelled()
    {
        var mark = $"{Guid.NewGuid()}";
        var dockerfile = $"FROM busybox\nRUN sleep 3; echo {mark} > /mark\n";
        using var first = new Context(room, dockerfile).Start("docker");
        var second = new Context(room, dockerfile).BuildAsync();
        await Wait.UntilAsync("the command runs", () => Running(mark) > 0);
        first.Process.Kill();
        Assert.Equal(mark, (await room.Run(await second, "cat", "/mark")).Ok());
    }

    [Fact]
    public async Task AKilledDaemonLeavesNothingThatTheNextDoesNotClean()
    {
        var mark = 300_000 + Random.Shared.Next(100_000);
        var context = new Context(room, $"FROM busybox\nCOPY . /c\nRUN touch /a\nRUN sleep {mark}\n").Write("f", Guid.NewGuid().ToString());
        using (context.Start("docker"))
        {
            await Wait.UntilAsync("the command runs", () => Running(mark) > 0);
            await room.Daemon.CrashAndStartAsync();
        }

        await Wait.UntilAsync("the command is gone", () => Running(mark) == 0);
        await Wait.UntilAsync("nothing is left of the step", () => !Leftovers());
        context.Write("Dockerfile", "FROM busybox\nCOPY . /c\nRUN touch /a\nRUN test -f /c/f -a -f /a\n");
        (await context.TryAsync()).Ok();
    }

    [Fact]
    public async Task AMissingSecretIsSaid() =>
        (await new Context(room, "FROM busybox\nRUN --mount=type=secret,id=token,required=true cat /run/secrets/token\n").TryAsync()).Fails("token");

    private bool Leftovers() =>
        Directory.EnumerateFileSystemEntries(Path.Combine(room.Daemon.DataRoot, "containers")).Any()
        || Directory.EnumerateFileSystemEntries(Path.Combine(room.Daemon.DataRoot, "staging")).Any()
        || Directory.EnumerateFileSystemEntries(Path.Combine(room.Daemon.ExecRoot, "containers")).Any()
        || Scratch.Mounts(room.Daemon.DataRoot).Any(mount => mount.Contains("/containers/", StringComparison.Ordinal));

    private static int Running(object mark) => Directory.GetDirectories("/proc")
        .Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0]))
        .Count(path => Text(path + "/cmdline") is var line && line.StartsWith("/bin/sh\0-c\0sleep", StringComparison.Ordinal) | line.StartsWith("sleep\0", StringComparison.Ordinal) && line.Contains($"{mark}", StringComparison.Ordinal));

    private static string Text(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
