using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability checks 14 to 16 and 30: the daemon is killed, the power cut, or the disk full while our registry is pushed to.</summary>
public sealed partial class RegistryTests
{
    private static readonly string[] s_listen = ["--registry-listen", "127.0.0.1:0"];

    [Fact]
    public async Task Check30_AnUploadGoesOnAfterKillMinus9()
    {
        await using var scratch = new Scratch();
        var daemon = scratch.Daemon(options: s_listen);
        await daemon.StartAsync();
        var blob = RandomNumberGenerator.GetBytes(3_000_000);
        string place;
        using (var http = Client(daemon))
        {
            place = (await http.PostAsync("/v2/a/blobs/uploads/", null)).Headers.Location!.ToString();
            Assert.Equal(HttpStatusCode.Accepted, (await SendAsync(http, HttpMethod.Patch, place, blob[..1_000_000])).StatusCode);
        }

        await daemon.CrashAndStartAsync();
        using (var http = Client(daemon))
        {
            using var status = await http.GetAsync(place);
            Assert.Equal((HttpStatusCode.NoContent, "0-999999"), (status.StatusCode, status.Headers.GetValues("Range").Single()));
            Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync($"/v2/a/blobs/{Name(blob)}")).StatusCode);
            Assert.Equal(HttpStatusCode.Created, (await SendAsync(http, HttpMethod.Put, $"{place}?digest={Name(blob)}", blob[1_000_000..])).StatusCode);
        }

        await daemon.CrashAndStartAsync();
        using (var http = Client(daemon))
        {
            Assert.Equal(blob, await http.GetByteArrayAsync($"/v2/a/blobs/{Name(blob)}"));
        }
    }

    [Fact]
    public async Task Check14_AcknowledgedTagsSurvivePowerCuts()
    {
        await using var scratch = new Scratch();
        var disk = scratch.Disk();
        var daemon = scratch.Daemon(disk.MountPoint, options: s_listen);
        await daemon.StartAsync();
        var (acknowledged, removed) = (new List<(string Tag, string Digest)>(), new List<string>());
        using var http = Client(daemon);
        var pushing = Task.Run(async () =>
        {
            for (var i = 0; i < 12; i++)
            {
                var manifest = await PushAsync(http, $"t{i}", RandomNumberGenerator.GetBytes(500_000));
                lock (acknowledged)
                {
                    acknowledged.Add(($"t{i}", Name(manifest)));
                }

                if (i % 3 == 2)
                {
                    await DeleteAsync(http, acknowledged, removed);
                }
            }
        });
        for (var cut = 0; cut < Scratch.Rounds(3); cut++)
        {
            await Wait.PauseAsync(60);
            List<(string Tag, string Digest)> promised = [];
            List<string> gone = [];
            var copy = scratch.CutPower(disk, () =>
            {
                lock (acknowledged)
                {
                    (promised, gone) = ([.. acknowledged], [.. removed]);
                }
            });
            var second = scratch.Daemon(copy.MountPoint, $"c{cut}", s_listen);
            await second.StartAsync();
            using (var other = Client(second))
            {
                foreach (var (tag, digest) in promised)
                {
                    await VerifyAsync(other, tag, digest);
                }

                foreach (var digest in gone)
                {
                    Assert.Equal(HttpStatusCode.NotFound, (await other.GetAsync($"/v2/a/manifests/{digest}")).StatusCode);
                }

                foreach (var tag in TagPattern().Matches(await (await other.GetAsync("/v2/a/tags/list")).Content.ReadAsStringAsync()).Select(match => match.Value).Except(promised.Select(p => p.Tag)))
                {
                    await VerifyAsync(other, tag, null);
                }

                await PushAsync(other, "after", RandomNumberGenerator.GetBytes(1000));
            }

            await scratch.DropAsync(second, copy);
        }

        await pushing;
    }

    [Fact]
    public async Task Check15And16_AFullDiskFailsPushesAndPullsByNameAndCanBeFreed()
    {
        await using var scratch = new Scratch();
        var disk = scratch.Disk();
        var daemon = scratch.Daemon(Path.Combine(disk.MountPoint, "data"), options: s_listen);
        await daemon.StartAsync();
        using var http = Client(daemon);
        var kept = await PushAsync(http, "kept", RandomNumberGenerator.GetBytes(100_000));
        var large = RandomNumberGenerator.GetBytes(20 << 20);
        await PushAsync(http, "large", large);
        await daemon.LoadAsync(BusyboxImage.Archive());
        disk.Fill();

        var late = RandomNumberGenerator.GetBytes(8 << 20);
        using (var refused = await SendAsync(http, HttpMethod.Post, $"/v2/a/blobs/uploads/?digest={Name(late)}", late))
        {
            Assert.True((int)refused.StatusCode >= 500, refused.StatusCode.ToString());
            Assert.Contains("no space left on device", await refused.Content.ReadAsStringAsync(), StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync($"/v2/a/blobs/{Name(late)}")).StatusCode);
        Assert.Contains("no space left on device", await daemon.LoadAsync(BusyboxImage.Archive("tardy:1", 16 << 20)).RefusalAsync(), StringComparison.OrdinalIgnoreCase);
        await VerifyAsync(http, "kept", Name(kept));

        // Nothing but a deletion and a collection makes room: the same daemon goes on with it.
        var manifest = await http.GetByteArrayAsync("/v2/a/manifests/large");
        Assert.Equal(HttpStatusCode.Accepted, (await http.DeleteAsync($"/v2/a/manifests/{Name(manifest)}")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await http.DeleteAsync($"/v2/a/blobs/{Name(large)}")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.PostAsync("/slipway/v1/gc", null)).StatusCode);
        await PushAsync(http, "late", late);
        await VerifyAsync(http, "late", null);
        disk.Empty();
        await daemon.CrashAndStartAsync();
        using var again = Client(daemon);
        await VerifyAsync(again, "kept", Name(kept));
        await VerifyAsync(again, "late", null);
        Assert.Equal(HttpStatusCode.NotFound, (await again.GetAsync("/v2/a/manifests/large")).StatusCode);
    }

    [Fact]
    public async Task Check11_APowerCutDuringAPullLeavesTheImageAbsentOrComplete()
    {
        await using var scratch = new Scratch();
        var source = scratch.Daemon(room: "source", options: s_listen);
        await source.StartAsync();
        using (var archive = BusyboxImage.Archive("big:1", (Scratch.Big ? 300 : 16) << 20))
        {
            await source.LoadAsync(archive);
        }

        var name = ListenPattern().Match(source.Log).Groups[1].Value + "/big";
        await source.CallAsync("POST", $"/images/big:1/tag?repo={name}&tag=1");
        await PullOrPushAsync(source, $"/images/{name}/push?tag=1");
        var disk = scratch.Disk(Scratch.Big ? 2048 : 512);
        var daemon = scratch.Daemon(Path.Combine(disk.MountPoint, "data"), "here");
        await daemon.StartAsync();
        var random = new Random(11);
        for (var round = 0; round < Scratch.Rounds(4); round++)
        {
            var pull = PullOrPushAsync(daemon, $"/images/create?fromImage={name}&tag=1");
            await Wait.PauseAsync(random.Next(1, Scratch.Big ? 6000 : 350));
            var acknowledged = pull.IsCompleted;
            var copy = scratch.CutPower(disk);
            await pull;

            var after = scratch.Daemon(Path.Combine(copy.MountPoint, "data"), $"cut{round}");
            await after.StartAsync();
            var there = (await after.CallAsync("GET", "/images/json"))!.ToJsonString().Contains("/big:1", StringComparison.Ordinal);
            Assert.True(there || !acknowledged);
            if (!there)
            {
                await PullOrPushAsync(after, $"/images/create?fromImage={name}&tag=1");
            }

            // Every blob and every file of every layer, compared.
            Assert.Equal("[]", (await after.CallAsync("POST", "/slipway/check"))!.ToJsonString());
            var id = (string)(await after.CallAsync("POST", "/containers/create", $$"""{"Image":"{{name}}:1","Cmd":["sha256sum","/extra"],"HostConfig":{"NetworkMode":"none"} }"""))!["Id"]!;
            await after.CallAsync("POST", $"/containers/{id}/start");
            Assert.Equal(0, await after.ExitAsync(id));
            await scratch.DropAsync(after, copy);
            await daemon.CallAsync("DELETE", $"/images/{name}:1?force=1");
            await daemon.CallAsync("POST", "/images/prune");
        }
    }

    [Fact]
    public async Task Check28_ImagesThatGoWhileContainersAndPullsNeedThemAreWholeOrAbsent()
    {
        await using var scratch = new Scratch();
        var daemon = scratch.Daemon(options: s_listen);
        await daemon.StartAsync();
        await daemon.LoadAsync(BusyboxImage.Archive("app:1", 100_000));
        var name = ListenPattern().Match(daemon.Log).Groups[1].Value + "/app";
        await daemon.CallAsync("POST", $"/images/app:1/tag?repo={name}&tag=1");
        await PullOrPushAsync(daemon, $"/images/{name}/push?tag=1");
        await daemon.CallAsync("DELETE", "/images/app:1");
        var random = new Random(28);
        for (var round = 0; round < Scratch.Rounds(15); round++)
        {
            await PullOrPushAsync(daemon, $"/images/create?fromImage={name}&tag=1");
            var create = daemon.CallAsync("POST", "/containers/create", $$"""{"Image":"{{name}}:1","Cmd":["true"],"HostConfig":{"NetworkMode":"none"} }""");
            var prune = daemon.CallAsync("POST", "/images/prune");
            await Wait.PauseAsync(random.Next(0, 8));
            await Record.ExceptionAsync(() => daemon.CallAsync("DELETE", $"/images/{name}:1?force=1"));
            await prune;
            string? id = null;
            try
            {
                id = (string)(await create)!["Id"]!;
            }
            catch (Slipway.Client.EngineApiException e)
            {
                Assert.Contains("o such image", e.Message, StringComparison.Ordinal);
            }

            if (id is not null)
            {
                await daemon.CallAsync("POST", $"/containers/{id}/start");
                Assert.Equal(0, await daemon.ExitAsync(id));
                await daemon.RemoveAsync(id);
            }
        }

        Assert.Equal("[]", (await daemon.CallAsync("POST", "/slipway/check"))!.ToJsonString());
    }

    private static async Task PullOrPushAsync(PrivateDaemon daemon, string path)
    {
        await using var answer = await daemon.Api.UploadAsync("POST", path, Stream.Null);
        using var reader = new StreamReader(answer.Body);
        Assert.DoesNotContain("errorDetail", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    // Taken from the list before it is asked for, and noted as gone only when that is acknowledged.
    private static async Task DeleteAsync(HttpClient http, List<(string Tag, string Digest)> acknowledged, List<string> removed)
    {
        (string Tag, string Digest) victim;
        lock (acknowledged)
        {
            victim = acknowledged[0];
            acknowledged.RemoveAt(0);
        }

        Assert.Equal(HttpStatusCode.Accepted, (await http.DeleteAsync($"/v2/a/manifests/{victim.Digest}")).StatusCode);
        lock (acknowledged)
        {
            removed.Add(victim.Digest);
        }
    }

    // What is there is whole: config and layers match their digests.
    private static async Task VerifyAsync(HttpClient http, string tag, string? digest)
    {
        var manifest = await http.GetByteArrayAsync($"/v2/a/manifests/{tag}");
        Assert.Equal(digest ?? Name(manifest), Name(manifest));
        foreach (var blob in DigestPattern().Matches(Encoding.UTF8.GetString(manifest)).Select(match => match.Value))
        {
            Assert.Equal(blob, Name(await http.GetByteArrayAsync($"/v2/a/blobs/{blob}")));
        }
    }

    private static async Task<byte[]> PushAsync(HttpClient http, string tag, byte[] layer)
    {
        var config = "{}"u8.ToArray();
        foreach (var blob in (byte[][])[config, layer])
        {
            Assert.Equal(HttpStatusCode.Created, (await SendAsync(http, HttpMethod.Post, $"/v2/a/blobs/uploads/?digest={Name(blob)}", blob)).StatusCode);
        }

        const string type = "application/vnd.oci.image.manifest.v1+json";
        var manifest = Encoding.UTF8.GetBytes(
            $$"""{"schemaVersion":2,"mediaType":"{{type}}","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{{Name(config)}}","size":{{config.Length}}},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{{Name(layer)}}","size":{{layer.Length}}}]}""");
        Assert.Equal(HttpStatusCode.Created, (await SendAsync(http, HttpMethod.Put, $"/v2/a/manifests/{tag}", manifest, type)).StatusCode);
        return manifest;
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient http, HttpMethod method, string place, byte[] body, string type = "application/octet-stream") =>
        http.SendAsync(new HttpRequestMessage(method, place) { Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } } });

    private static string Name(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static HttpClient Client(PrivateDaemon daemon) => new() { BaseAddress = new Uri($"http://{ListenPattern().Matches(daemon.Log)[^1].Groups[1].Value}/") };

    [GeneratedRegex(@"registry listens on (\S+)")]
    private static partial Regex ListenPattern();

    [GeneratedRegex("sha256:[0-9a-f]{64}")]
    private static partial Regex DigestPattern();

    [GeneratedRegex(@"t\d+")]
    private static partial Regex TagPattern();
}
