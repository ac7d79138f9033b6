using System.Formats.Tar;
using System.Text.Json.Nodes;
using Slipway.Client;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Verbs that hit the same few containers at the same time: each is answered as if it had been alone, and what was removed stays removed.</summary>
public sealed class RaceTests
{
    private const int Workers = 4;
    private static readonly string[] s_names = ["one", "two", "three", "four"];

    private static readonly string[] s_hosts = ["", "\"AutoRemove\":true", "\"RestartPolicy\":{\"Name\":\"always\"}"];

    private static readonly string[] s_scripts = ["sleep 1000", "true", "sleep 0.1; exit 3"];

    // Several times for those that are to come often. {0} is a container, {1} another name.
    private static readonly (string Method, string Path, string Body)[] s_verbs =
    [
        ("POST", "/containers/{0}/start", ""), ("POST", "/containers/{0}/start", ""), ("POST", "/containers/{0}/restart?t=0", ""), ("POST", "/containers/{0}/stop?t=0", ""),
        ("POST", "/containers/{0}/kill", ""), ("POST", "/containers/{0}/pause", ""), ("POST", "/containers/{0}/unpause", ""), ("POST", "/containers/{0}/rename?name={1}", ""),
        ("POST", "/containers/{0}/update", """{"CpuShares":512}"""), ("POST", "/containers/{0}/update", """{"CpuShares":256}"""),
        ("DELETE", "/containers/{0}?force=1", ""), ("DELETE", "/containers/{0}?force=1", ""), ("DELETE", "/containers/{0}", ""),
        ("GET", "/containers/{0}/changes", ""), ("GET", "/containers/{0}/export", ""), ("GET", "/containers/{0}/archive?path=/etc", ""), ("GET", "/containers/{0}/json?size=1", ""),
        ("GET", "/containers/{0}/top", ""), ("GET", "/containers/{0}/stats?stream=0&one-shot=1", ""), ("GET", "/containers/json?all=1&size=1", ""),
        ("POST", "/commit?container={0}&repo={1}", "{}"), ("DELETE", "/images/{1}?force=1", ""), ("GET", "/images/{1}/get", ""),
        ("POST", "/images/{0}/tag?repo={1}", ""), ("POST", "/images/{0}/tag?repo={1}", ""), ("DELETE", "/images/{1}?force=1", ""),
    ];

    [Fact]
    public async Task WhatWasRemovedStaysRemovedAndNothingFailsForNoReason()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var failures = await Task.WhenAll(Enumerable.Range(0, Workers).Select(worker => Task.Run(() => RunAsync(daemon, new Random(worker), Scratch.Rounds(500)))));
        Assert.Empty(failures.SelectMany(failure => failure));

        foreach (var container in await daemon.ListAsync())
        {
            await Record.ExceptionAsync(() => daemon.Api.StopContainerAsync((string)container!["Id"]!, 0));
        }

        await Wait.UntilAsync("all have ended", async () => (await daemon.ListAsync()).All(container => (string?)container!["State"] is "created" or "exited"));
        await Wait.UntilAsync("those of --rm are gone", async () => (await ListAsync(daemon)).Count == Directory.GetDirectories(Path.Combine(daemon.DataRoot, "containers")).Length);
        foreach (var image in (JsonArray)(await daemon.CallAsync("GET", "/images/json"))!)
        {
            await ReadAsync(daemon, "GET", $"/images/{image!["Id"]}/get", "");
        }

        var before = await ListAsync(daemon);
        Assert.Equal(before.Count, before.Select(container => container.Split(' ')[1]).Distinct().Count());
        await daemon.CrashAndStartAsync();
        Assert.Equal(before, await ListAsync(daemon));
    }

    [Fact]
    public async Task ATagThatComesTooLateBringsNoImageBack()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        await daemon.CreateAsync("true", "one");
        for (var round = 0; round < Scratch.Rounds(60); round++)
        {
            var image = (string)(await daemon.CallAsync("POST", $"/commit?container=one&repo=old&comment={round}", "{}"))!["Id"]!;
            await Task.WhenAll(
                TryAsync(daemon, "DELETE", $"/images/{image}?force=1"),
                TryAsync(daemon, "POST", $"/images/{image}/tag?repo=first"), TryAsync(daemon, "POST", $"/images/{image}/tag?repo=second"), TryAsync(daemon, "POST", $"/images/{image}/tag?repo=third"));
            foreach (var left in ((JsonArray)(await daemon.CallAsync("GET", "/images/json"))!).Where(left => (string?)left!["Id"] == image))
            {
                await ReadAsync(daemon, "GET", $"/images/{image}/get", "");
                await daemon.CallAsync("DELETE", $"/images/{image}?force=1");
            }
        }

        static Task TryAsync(PrivateDaemon daemon, string method, string path) => Record.ExceptionAsync(() => daemon.CallAsync(method, path));
    }

    [Fact]
    public async Task ACacheMountIsNotPrunedFromUnderAStep()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        using var context = new MemoryStream();
        await using (var tar = new TarWriter(context, leaveOpen: true))
        {
            var text = "FROM busybox\nRUN --mount=type=cache,target=/c echo x >> /c/f && cat /c/f\n"u8.ToArray();
            await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, "Dockerfile") { DataStream = new MemoryStream(text) });
        }

        var building = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(BuildAsync)));
        while (!building.IsCompleted)
        {
            await daemon.CallAsync("POST", "/build/prune?all=1");
        }

        Assert.All((await building).SelectMany(outputs => outputs), output => Assert.Contains("Successfully built", output, StringComparison.Ordinal));

        async Task<List<string>> BuildAsync()
        {
            var outputs = new List<string>();
            for (var round = 0; round < Scratch.Rounds(50); round++)
            {
                await using var answer = await daemon.Api.UploadAsync("POST", "/build?nocache=1&networkmode=none", new MemoryStream(context.ToArray()));
                using var reader = new StreamReader(answer.Body);
                outputs.Add(await reader.ReadToEndAsync());
            }

            return outputs;
        }
    }

    private static async Task<List<string>> ListAsync(PrivateDaemon daemon) =>
        [.. (await daemon.ListAsync()).Select(container => $"{container!["Id"]} {container["Names"]![0]}").Order(StringComparer.Ordinal)];

    private static async Task<List<string>> RunAsync(PrivateDaemon daemon, Random random, int rounds)
    {
        var failures = new List<string>();
        for (var round = 0; round < rounds; round++)
        {
            var (name, other) = (Pick(random, s_names), Pick(random, s_names));
            var (method, path, body) = Pick(random, s_verbs);
            path = path.Replace("{0}", name, StringComparison.Ordinal).Replace("{1}", other, StringComparison.Ordinal);
            try
            {
                await (random.Next(5) == 0 ? daemon.CreateAsync(Pick(random, s_scripts), name, host: Pick(random, s_hosts)) : ReadAsync(daemon, method, path, body));
            }
            catch (EngineApiException e) when (e.StatusCode < 500)
            {
                // Too late, or too early.
            }
            catch (EngineApiException e)
            {
                failures.Add($"{method} {path}: {e.StatusCode} {e.Message}");
            }
        }

        return failures;
    }

    private static async Task ReadAsync(PrivateDaemon daemon, string method, string path, string body)
    {
        await using var answer = await daemon.Api.RequestAsync(method, path, System.Text.Encoding.UTF8.GetBytes(body));
        await answer.Body.CopyToAsync(Stream.Null);
    }

    private static T Pick<T>(Random random, IReadOnlyList<T> from) => from[random.Next(from.Count)];
}
