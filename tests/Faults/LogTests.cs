using System.Globalization;
using System.Text;
using Slipway.Client;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability check 58: logs that rotate under their readers, and damaged records.</summary>
public sealed class LogTests
{
    private const string Tiny = "\"LogConfig\":{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"1k\",\"max-file\":\"100\"}}";

    [Fact]
    public async Task Check58_TenFollowersSeeEveryLineAcrossRotations()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var id = await daemon.RunAsync("i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo $i; [ $((i % 10)) = 0 ] && sleep 0.05; done", host: Tiny);
        var followers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => FollowAsync(daemon, id)));
        Assert.All(followers, text => Assert.Equal(Enumerable.Range(1, 400), text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => int.Parse(line, CultureInfo.InvariantCulture))));
        Assert.Equal(followers[0], await daemon.LogsAsync(id));
        Assert.InRange(Directory.GetFiles(Path.Combine(daemon.DataRoot, "containers", id), "container.log*").Length, 3, 101);
    }

    [Fact]
    public async Task Check58_ADamagedRecordInARotatedFileIsSkipped()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        var id = await daemon.RunAsync("i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo $i; [ $((i % 10)) = 0 ] && sleep 0.05; done", host: Tiny);
        await daemon.ExitAsync(id);
        var rotated = Directory.GetFiles(Path.Combine(daemon.DataRoot, "containers", id), "container.log.*")[0];
        using (var file = File.OpenWrite(rotated))
        {
            file.Position = file.Length / 2;
            file.Write([0, 0xff, (byte)'x', 0]);
        }

        var lines = (await daemon.LogsAsync(id)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.InRange(lines.Length, 197, 201);
        Assert.Equal(("1", "200"), (lines[0], lines[^1]));
    }

    private static async Task<string> FollowAsync(PrivateDaemon daemon, string id)
    {
        await using var stream = await daemon.Api.ContainerLogsAsync(id, new LogOptions { Follow = true });
        using var output = new MemoryStream();
        await new MultiplexedStream(stream).CopyToAsync(output, output);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
