using Slipway.Acceptance.Fixture;
using Slipway.Distribution.Tests.Fixture;

namespace Slipway.Acceptance.Compose;

/// <summary><c>slipway compose</c> with images of a registry.</summary>
public sealed class RegistryTests : RegistryRoom
{
    [Fact]
    public async Task Images_are_pushed_and_pulled_as_policies_say()
    {
        string image = $"{LocalName}/team/app:1";
        File.WriteAllText(Path.Combine(Home, "compose.yaml"), $$"""
            name: pulling
            services:
              a: {image: "{{image}}", build: {dockerfile_inline: "FROM busybox\nRUN echo ${V:-1} > /v\n", tags: ["{{image}}.also"]}, network_mode: none, pull_policy: "${POLICY:-missing}", pull_refresh_after: 1h, command: cat /v}
              gone: {image: "{{image}}.none", network_mode: none, profiles: [gone]}
            """);
        (await ComposeAsync("build", "--push", "--quiet")).Ok();
        string first = await IdAsync(image);
        await RemoveAsync(image, image + ".also");
        (await ComposeAsync("pull", "--quiet")).Ok();
        Assert.Equal(first, await IdAsync(image));

        // Somebody else has pushed another one; what is young enough stays.
        await OthersPushAsync(image);
        await ExpectAsync(image, "missing", first);
        await ExpectAsync(image, "daily", first);
        await ExpectAsync(image, "weekly", first);
        await ExpectAsync(image, "every_1h", first);
        await ExpectAsync(image, "refresh", first);
        (await ComposeAsync("up", "-d", "--pull", "always")).Ok();
        string second = await IdAsync(image);
        Assert.NotEqual(first, second);

        Assert.Equal(18, (await ComposeAsync("--profile", "gone", "pull", "gone")).Code);
        Assert.Equal(0, (await ComposeAsync("--profile", "gone", "pull", "--ignore-pull-failures")).Code);
        Assert.Equal(18, (await ComposeAsync("--profile", "gone", "up", "-d", "gone")).Code);
        (await ComposeAsync("down")).Ok();
    }

    [Fact]
    public async Task Pushes_and_pulls_show_how_far_they_are()
    {
        using var debian = await DebianRegistry.StartAsync();
        string image = $"{debian.Host}/team/app";
        File.WriteAllText(Path.Combine(Home, "compose.yaml"), $$"""
            name: showing
            services:
              a: {image: "{{image}}", build: {dockerfile_inline: "FROM busybox\nRUN head -c 3000000 /dev/urandom > /v\n"} }
            """);
        (await ComposeAsync("build", "--quiet")).Ok();
        Outcome pushed = await ComposeAsync("--progress", "tty", "push");
        pushed.Ok();
        Assert.Matches(@"Pushing [0-9.]+[kM]?B/[0-9.]+MB", pushed.Error);
        await RemoveAsync(image);
        (await RunAsync("builder", "prune", "-af")).Ok();
        Outcome pulled = await ComposeAsync("--progress", "tty", "pull");
        pulled.Ok();
        Assert.Matches(@"Pulling [0-9.]+[kM]?B/[0-9.]+MB", pulled.Error);
    }

    private async Task ExpectAsync(string image, string policy, string id)
    {
        File.WriteAllText(Path.Combine(Home, ".env"), $"POLICY={policy}\n");
        (await ComposeAsync("create")).Ok();
        Assert.Equal((policy, id), (policy, await IdAsync(image)));
        File.Delete(Path.Combine(Home, ".env"));
    }

    private async Task OthersPushAsync(string image)
    {
        string mine = await IdAsync(image);
        File.WriteAllText(Path.Combine(Home, "Dockerfile"), "FROM busybox\nRUN echo 2 > /v\n");
        (await RunAsync("build", "-q", "-t", image, Home)).Ok();
        (await RunAsync("push", "-q", image)).Ok();
        (await RunAsync("tag", mine, image)).Ok();
    }

    private async Task<string> IdAsync(string image) => (await RunAsync("image", "inspect", "-f", "{{.Id}}", image)).Ok();

    private async Task RemoveAsync(params string[] images) => (await RunAsync(["rmi", .. images])).Ok();

    private Task<Outcome> ComposeAsync(params string[] arguments) => RunAsync(["compose", "--project-directory", Home, .. arguments]);

    private async Task<Outcome> RunAsync(params string[] arguments)
    {
        using var command = CommandLine.Start(EngineRoom.SlipwayProgram, ["-H", "unix://" + Daemon.Socket, .. arguments], Home);
        return await command.EndAsync(60);
    }
}
