using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability checks 14 and 30: the daemon is killed, or the power cut, while our registry is pushed to.</summary>
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
        var acknowledged = new List<(string Tag, string Digest)>();
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
            }
        });
        for (var cut = 0; cut < Scratch.Rounds(3); cut++)
        {
            await Wait.PauseAsync(60);
            List<(string Tag, string Digest)> promised = [];
            var copy = scratch.CutPower(disk, () =>
            {
                lock (acknowledged)
                {
                    promised = [.. acknowledged];
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
