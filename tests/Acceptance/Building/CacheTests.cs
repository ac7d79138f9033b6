using Slipway.Acceptance.Fixture;

namespace Slipway.Acceptance.Building;

/// <summary>What the build cache takes for the same, and what not.</summary>
[Collection(BuildCollection.Name)]
public sealed class CacheTests(EngineRoom room)
{
    private const string Dockerfile = """
        FROM base-image
        # user
        COPY . /src
        RUN cat /proc/sys/kernel/random/uuid > /id
        # below
        """;

    [Theory]
    [InlineData("nothing", true)]
    [InlineData("mtime", true)]
    [InlineData("ignored file", true)]
    [InlineData("HEALTHCHECK", true)]
    [InlineData("ONBUILD", true)]
    [InlineData("USER below", true)]
    [InlineData("USER", false)]
    [InlineData("mode", false)]
    [InlineData("content", false)]
    [InlineData("name", false)]
    [InlineData("link target", false)]
    [InlineData("base tag to the same image", true)]
    [InlineData("base tag to other content", false)]
    [InlineData("no-cache", false)]
    [InlineData("restart", true)]
    public async Task AChangeHitsOrMisses(string change, bool hit)
    {
        var bases = EngineRoom.Name("base");
        (await room.Docker("tag", "busybox", bases)).Ok();
        var context = new Context(room, Dockerfile.Replace("base-image", bases, StringComparison.Ordinal))
            .Write("file", "content").Write("ignored", "a").Write(".dockerignore", "ignored\nDockerfile\n").Write("unique", Guid.NewGuid().ToString()).Link("link", "file");
        var before = await IdAsync(context);
        await ApplyAsync(change, context, bases);
        var after = await IdAsync(context, change == "no-cache" ? ["--no-cache"] : []);
        Assert.Equal(hit, before == after);
    }

    // Results are written about a second after they are there; a build may end at that very moment.
    [Theory]
    [InlineData("0.7")]
    [InlineData("0.8")]
    [InlineData("0.9")]
    [InlineData("1.0")]
    public async Task ResultsStayWhenABuildEndsWhileTheyAreWritten(string seconds)
    {
        var context = new Context(room, $"FROM busybox\nRUN head -c 50000000 /dev/zero > /done; echo {Guid.NewGuid()}\nRUN sleep {seconds}; exit 7\n");
        (await context.TryAsync()).Fails("returned a non-zero code: 7", 7);
        Assert.Contains(" ---> Using cache", (await context.TryAsync()).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PruningForgetsResultsButNotImages()
    {
        var context = new Context(room, $"FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /id # {Guid.NewGuid()}\n");
        var image = await context.BuildAsync();
        var id = (await room.Run(image, "cat", "/id")).Ok();
        Assert.Contains("Build Cache", (await room.Docker("system", "df")).Ok(), StringComparison.Ordinal);
        (await room.Docker("builder", "prune", "-a", "-f")).Ok();
        Assert.Equal(id, (await room.Run(image, "cat", "/id")).Ok());
        Assert.NotEqual(id, await IdAsync(context));
    }

    private async Task ApplyAsync(string change, Context context, string bases)
    {
        var file = Path.Combine(context.Path, "file");
        switch (change)
        {
            case "mtime":
                File.SetLastWriteTimeUtc(file, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
                break;
            case "ignored file":
                context.Write("ignored", "b");
                break;
            case "HEALTHCHECK" or "ONBUILD" or "USER below":
                Replace(context, "# below", change switch { "HEALTHCHECK" => "HEALTHCHECK CMD true", "ONBUILD" => "ONBUILD RUN true", _ => "USER 5" });
                break;
            case "USER":
                Replace(context, "# user", "USER 0:0");
                break;
            case "mode":
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
                break;
            case "content":
                context.Write("file", "Content");
                break;
            case "name":
                File.Move(file, file + "2");
                break;
            case "link target":
                context.Link("link", "other");
                break;
            case "base tag to the same image":
                (await room.Docker("tag", await room.Inspect("busybox", "{{.Id}}"), bases)).Ok();
                break;
            case "base tag to other content":
                var other = await new Context(room, $"FROM busybox\nRUN echo {Guid.NewGuid()} > /other\n").BuildAsync();
                (await room.Docker("tag", other, bases)).Ok();
                break;
            case "restart":
                // Results become durable within a second or so.
                await Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System);
                await room.Daemon.CrashAndStartAsync();
                break;
        }
    }

    private static void Replace(Context context, string from, string to) =>
        context.Write("Dockerfile", File.ReadAllText(Path.Combine(context.Path, "Dockerfile")).Replace(from, to, StringComparison.Ordinal));

    private async Task<string> IdAsync(Context context, params string[] options) =>
        (await room.Run("--user", "0", await context.BuildAsync("docker", options), "cat", "/id")).Ok();
}
