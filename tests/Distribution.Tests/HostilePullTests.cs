using System.IO.Compression;
using System.Text;
using Slipway.Distribution.Tests.Fixture;
using Slipway.Oci;

namespace Slipway.Distribution.Tests;

/// <summary>Pulls from registries that lie, break off, crawl and never end (reliability checks 21 to 26).</summary>
[Collection(AloneCollection.Name)]
public sealed class HostilePullTests
{
    private const string Name = "x/app";

    [Fact]
    public async Task Check21_Twenty_pulls_share_transfers_and_ten_that_leave_do_not_hurt_the_others()
    {
        using var registry = new HostileRegistry();
        byte[] common = TestImage.Layer("common", 400_000, 1);
        var images = new[] { new TestImage(common, TestImage.Layer("a", 100_000, 2)), new TestImage(common, TestImage.Layer("b", 100_000, 3)) };
        registry.Add("x/a", "latest", images[0]);
        registry.Add("x/b", "latest", images[1]);
        var slow = Digest.Of(images[0].Layers[0]).ToString();
        registry.Lie = request => request.Path.EndsWith(slow, StringComparison.Ordinal) && request.Method == "GET" ? new Answer(200, images[0].Layers[0]) { Drip = (40_000, 60) } : null;
        await using var room = await PrivateEngine.StartAsync();
        using var leave = new CancellationTokenSource();
        var pulls = Enumerable.Range(0, 20).Select(i => room.PullAsync($"{registry.Host}/x/{(i % 4 < 2 ? 'a' : 'b')}:latest", cancel: i % 2 == 0 ? leave.Token : default)).ToList();
        await Task.Delay(TimeSpan.FromMilliseconds(250), TimeProvider.System);
        await leave.CancelAsync();
        await Task.WhenAll(pulls.Where((_, i) => i % 2 == 1));
        await ((Task)Task.WhenAll(pulls)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        Assert.Equal(2, room.Engine.Images.All.Count);
        foreach (var layer in images.SelectMany(image => image.Layers).DistinctBy(layer => Digest.Of(layer)))
        {
            Assert.Equal(1, registry.Count("GET", Digest.Of(layer).ToString()));
        }

        Assert.DoesNotContain(Directory.EnumerateFiles(room.Staging), file => Path.GetFileName(file).StartsWith("partial", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(50, true)]
    [InlineData(99, true)]
    [InlineData(1, false)]
    [InlineData(50, false)]
    [InlineData(99, false)]
    public async Task Check22_A_broken_connection_is_taken_up_again(int percent, bool ranges)
    {
        using var registry = new HostileRegistry { Ranges = ranges };
        var image = new TestImage(TestImage.Layer("f", 300_000, 7));
        registry.Add(Name, "latest", image);
        var layer = image.Layers[0];
        var cuts = 2;
        registry.Lie = request => request.Path.EndsWith(Digest.Of(layer).ToString(), StringComparison.Ordinal) && !request.Headers.ContainsKey("range") && Interlocked.Decrement(ref cuts) >= 0
            ? new Answer(200, layer) { CutAfter = layer.Length * percent / 100 }
            : null;
        await using var room = await PrivateEngine.StartAsync();
        await room.PullAsync($"{registry.Host}/{Name}:latest");
        Assert.True(room.Engine.Content.Contains(Digest.Of(layer)));
        room.Engine.Content.Verify(Digest.Of(layer));
        Assert.Equal(ranges, registry.Seen.Any(request => request.Headers.GetValueOrDefault("range") is { Length: > 8 } range && range != "bytes=0-" && registry.Ranges));
    }

    [Fact]
    public async Task Check22_A_pull_goes_on_where_an_earlier_daemon_stopped()
    {
        var root = Directory.CreateTempSubdirectory("slipway-dist-").FullName;
        using var registry = new HostileRegistry();
        var image = new TestImage(TestImage.Layer("f", 500_000, 9));
        registry.Add(Name, "latest", image);
        var layer = image.Layers[0];
        registry.Lie = request => request.Path.EndsWith(Digest.Of(layer).ToString(), StringComparison.Ordinal) ? new Answer(200, layer) { CutAfter = layer.Length / 2 } : null;
        try
        {
            await using (var first = await PrivateEngine.StartAsync(PrivateEngine.Impatient with { MaxAttempts = 1 }, root))
            {
                await first.RefusedAsync($"{registry.Host}/{Name}:latest");
            }

            registry.Lie = _ => null;
            await using var second = await PrivateEngine.StartAsync(root: root);
            await second.PullAsync($"{registry.Host}/{Name}:latest");
            second.Engine.Content.Verify(Digest.Of(layer));
            Assert.Contains(registry.Seen, request => request.Headers.GetValueOrDefault("range") == $"bytes={layer.Length / 2}-");
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task Check22_What_an_earlier_daemon_left_damaged_is_fetched_anew()
    {
        using var registry = new HostileRegistry();
        var image = new TestImage(TestImage.Layer("f", 100_000, 9));
        registry.Add(Name, "latest", image);
        await using var room = await PrivateEngine.StartAsync();
        await File.WriteAllBytesAsync(Path.Combine(room.Staging, $"partial-sha256-{Digest.Of(image.Layers[0]).Hex}"), new byte[5000]);
        await room.PullAsync($"{registry.Host}/{Name}:latest");
        room.Engine.Content.Verify(Digest.Of(image.Layers[0]));
    }

    [Theory]
    [InlineData("blob")]
    [InlineData("config")]
    [InlineData("manifest")]
    public async Task Check23_Wrong_bytes_are_refused_and_both_digests_named(string what)
    {
        using var registry = new HostileRegistry();
        var image = new TestImage(TestImage.Layer("f", 50_000, 3));
        registry.Add(Name, "latest", image);
        var content = what switch { "blob" => image.Layers[0], "config" => image.Config, _ => image.Manifest };
        var wrong = content.ToArray();
        wrong[^2] ^= 1;
        registry.Lie = request => request.Path.EndsWith(Digest.Of(content).ToString(), StringComparison.Ordinal) ? new Answer(200, wrong) { Type = what == "manifest" ? MediaTypes.OciManifest : "application/octet-stream" } : null;
        await using var room = await PrivateEngine.StartAsync();
        var message = await room.RefusedAsync(what == "manifest" ? $"{registry.Host}/{Name}@{Digest.Of(content)}" : $"{registry.Host}/{Name}:latest");
        Assert.Contains(Digest.Of(content).ToString(), message, StringComparison.Ordinal);
        Assert.Contains(Digest.Of(wrong).ToString(), message, StringComparison.Ordinal);
        Assert.False(room.Engine.Content.Contains(Digest.Of(wrong)));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Check23_A_wrong_size_is_refused(int difference)
    {
        using var registry = new HostileRegistry();
        var image = new TestImage(TestImage.Layer("f", 50_000, 3));
        image.Manifest = image.Describe([(Digest.Of(image.Layers[0]).ToString(), image.Layers[0].Length + difference)]);
        registry.Add(Name, "latest", image);
        await using var room = await PrivateEngine.StartAsync();
        Assert.Contains("were expected", await room.RefusedAsync($"{registry.Host}/{Name}:latest"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check23_A_manifest_that_is_two_things_is_refused()
    {
        using var registry = new HostileRegistry();
        var image = new TestImage(TestImage.Layer("f", 1000, 3));
        registry.Add(Name, "latest", image);
        var layers = image.Layers.Select(layer => (Digest.Of(layer).ToString(), (long)layer.Length)).ToList();
        registry.AddManifest(Name, "both", image.Describe(layers, ",\"manifests\":[]"));
        registry.AddManifest(Name, "type", image.Manifest, MediaTypes.OciIndex);
        registry.AddManifest(Name, "content", image.Describe(layers, type: MediaTypes.OciIndex), MediaTypes.OciIndex);
        await using var room = await PrivateEngine.StartAsync();
        Assert.Contains("both 'layers' and 'manifests'", await room.RefusedAsync($"{registry.Host}/{Name}:both"), StringComparison.Ordinal);
        Assert.Contains("was announced", await room.RefusedAsync($"{registry.Host}/{Name}:type"), StringComparison.Ordinal);
        Assert.Contains("contradicts", await room.RefusedAsync($"{registry.Host}/{Name}:content"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sha256:../../etc/passwd")]
    [InlineData("sha256:ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789")]
    [InlineData("sha256:1234")]
    [InlineData("sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709")]
    [InlineData("")]
    public async Task Check24_A_digest_that_is_none_is_refused_before_anything_is_opened(string digest)
    {
        using var registry = new HostileRegistry();
        var image = new TestImage(TestImage.Layer("f", 1000, 3));
        image.Manifest = image.Describe([(digest, 100)]);
        registry.Add(Name, "latest", image);
        await using var room = await PrivateEngine.StartAsync();
        await room.RefusedAsync($"{registry.Host}/{Name}:latest");
        Assert.Equal(0, registry.Count("GET", "/blobs/"));
    }

    [Fact]
    public async Task Check26_What_never_ends_is_not_followed()
    {
        using var registry = new HostileRegistry();
        var image = new TestImage(TestImage.Layer("f", 50_000, 3));
        registry.Add(Name, "latest", image);
        var layer = Digest.Of(image.Layers[0]).ToString();
        await using var room = await PrivateEngine.StartAsync();
        registry.Lie = request => request.Path.EndsWith(layer, StringComparison.Ordinal) ? new Answer(200, new byte[65536]) { Length = null, Endless = true } : null;
        Assert.Contains("more than the", await room.RefusedAsync($"{registry.Host}/{Name}:latest"), StringComparison.Ordinal);
        registry.Lie = request => request.Path.Contains("/manifests/", StringComparison.Ordinal) ? new Answer(200, new byte[65536]) { Length = null, Endless = true } : null;
        Assert.Contains("larger than", await room.RefusedAsync($"{registry.Host}/{Name}:latest"), StringComparison.Ordinal);
        registry.Lie = request => request.Path.EndsWith(layer, StringComparison.Ordinal) ? new Answer(200, image.Layers[0]) { Drip = (1, 200) } : null;
        Assert.Contains("too slow", await room.RefusedAsync($"{registry.Host}/{Name}:latest"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check26_Ten_thousand_layers_are_refused_before_any_is_fetched()
    {
        using var registry = new HostileRegistry();
        var image = new TestImage(TestImage.Layer("f", 1000, 3));
        var digests = string.Join(',', Enumerable.Repeat($"\"{Digest.Of("x"u8)}\"", 10_000));
        image.Config = Encoding.UTF8.GetBytes($$"""{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[{{digests}}]} }""");
        image.Manifest = image.Describe(Enumerable.Range(0, 10_000).Select(i => (Digest.Of(BitConverter.GetBytes(i)).ToString(), 100L)));
        registry.Add(Name, "latest", image);
        await using var room = await PrivateEngine.StartAsync();
        Assert.Contains("10000 layers", await room.RefusedAsync($"{registry.Host}/{Name}:latest"), StringComparison.Ordinal);
        Assert.Equal(0, registry.Count("GET", "/blobs/"));
    }

    [Fact]
    public async Task Check26_A_decompression_bomb_stops_at_the_limit_and_leaves_nothing()
    {
        using var registry = new HostileRegistry();
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(TestImage.Tar(("zeros", new byte[64 << 20])));
        }

        var image = new TestImage(TestImage.Layer("f", 1000, 3));
        image.Manifest = image.Describe([(Digest.Of(packed.ToArray()).ToString(), packed.Length)]);
        registry.Add(Name, "latest", image);
        registry.AddBlob(Name, packed.ToArray());
        await using var room = await PrivateEngine.StartAsync(PrivateEngine.Impatient with { UnpackedBytes = 1 << 20 });
        Assert.Contains("bytes come out of it", await room.RefusedAsync($"{registry.Host}/{Name}:latest"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check26_A_hundred_thousand_tiny_files_cost_little_memory()
    {
        // A million with SLIPWAY_BIG=1.
        var files = Environment.GetEnvironmentVariable("SLIPWAY_BIG") == "1" ? 1_000_000 : 100_000;
        using var registry = new HostileRegistry();
        registry.Add(Name, "latest", new TestImage(TestImage.Tar([.. Enumerable.Range(0, files).Select(n => ($"d{n / 1000}/f{n}", Array.Empty<byte>()))])));
        await using var room = await PrivateEngine.StartAsync();
        GC.Collect();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        await room.PullAsync($"{registry.Host}/{Name}:latest");
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 64 << 20);
    }

    [Theory]
    [InlineData('x')]
    [InlineData('g')]
    [InlineData('L')]
    public async Task Check26_A_header_of_four_gibibytes_is_refused(char kind)
    {
        using var registry = new HostileRegistry();
        var tar = new byte[4096];
        Encoding.ASCII.GetBytes("name").CopyTo(tar, 0);
        Encoding.ASCII.GetBytes("40000000000\0").CopyTo(tar, 124);
        Encoding.ASCII.GetBytes(kind + "").CopyTo(tar, 156);
        Encoding.ASCII.GetBytes("ustar\000").CopyTo(tar, 257);
        tar.AsSpan(148, 8).Fill((byte)' ');
        Encoding.ASCII.GetBytes(Convert.ToString(tar.AsSpan(0, 512).ToArray().Sum(b => b), 8).PadLeft(6, '0') + "\0 ").CopyTo(tar, 148);
        registry.Add(Name, "latest", new TestImage(tar));
        await using var room = await PrivateEngine.StartAsync();
        var before = GC.GetTotalAllocatedBytes();
        Assert.NotEqual("", await room.RefusedAsync($"{registry.Host}/{Name}:latest"));
        Assert.True(GC.GetTotalAllocatedBytes() - before < 64 << 20);
    }

    [Fact]
    public async Task Check26_A_registry_that_never_lets_in_is_asked_a_few_times_only()
    {
        using var registry = new HostileRegistry();
        registry.Lie = request => request.Path.StartsWith("/token", StringComparison.Ordinal)
            ? new Answer(200, """{"token":"t","expires_in":300}"""u8.ToArray())
            : new Answer(401, []) { Extra = $"WWW-Authenticate: Bearer realm=\"http://{registry.Host}/token\",service=\"s\"\r\n" };
        await using var room = await PrivateEngine.StartAsync();
        await room.RefusedAsync($"{registry.Host}/{Name}:latest", PrivateEngine.Joe);
        Assert.InRange(registry.Seen.Count, 2, 8);
    }
}
