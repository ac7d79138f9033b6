using System.Text;
using Slipway.Engine.Logs;

namespace Slipway.Engine.Tests.Logs;

public sealed class LogFollowTests
{
    private static readonly LogSettings Small = new("json-file", 1000, 5, false, new Dictionary<string, string>());

    [Fact]
    public async Task Following_ends_with_the_container()
    {
        await using var container = await ConmonContainer.CreateAsync("for i in 1 2 3; do echo $i; sleep 0.3; done; printf end");
        using var log = new LogCollector();
        await container.StartAsync();
        await log.ReadAsync(LogCollector.Running(container), new LogRequest(true, true, Follow: true)).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("1\n2\n3\nend", log.All);
    }

    [Fact]
    public async Task Ten_followers_see_every_line_while_the_log_is_rotated_at_a_thousand_bytes()
    {
        const string script = "for i in $(seq 1 20); do seq $(( (i-1)*100+1 )) $((i*100)); sleep 0.05; done";
        await using var container = await ConmonContainer.CreateAsync(script);
        var followers = Enumerable.Range(0, 10).Select(_ => new LogCollector()).ToArray();
        using var ended = new CancellationTokenSource();
        var rotation = new LogRotation(followers[0].Signals, TimeProvider.System, followers[0]).RunAsync(container.LogPath, container.Bundle, Small with { MaxFiles = 200 }, ended.Token);
        var reading = followers.Select(f => f.ReadAsync(LogCollector.Running(container), new LogRequest(true, true, Follow: true))).ToArray();
        await container.StartAsync();
        await Task.WhenAll(reading).WaitAsync(TimeSpan.FromSeconds(60));
        await ended.CancelAsync();
        await rotation;
        var expected = string.Concat(Enumerable.Range(1, 2000).Select(i => i + "\n"));
        Assert.All(followers, f => Assert.Equal(expected, f.All));
        Assert.True(Directory.GetFiles(Path.GetDirectoryName(container.LogPath)!).Length > 5);
        using var late = await new LogCollector().ReadAsync(LogCollector.Ended(container.LogPath));
        Assert.Equal(expected, late.All);
        Array.ForEach(followers, f => f.Dispose());
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 0)]
    [InlineData(false, 40)]
    public async Task A_flood_is_rotated_without_loss_and_within_its_size(bool compress, int slowLines)
    {
        await using var container = await ConmonContainer.CreateAsync($"for i in $(seq 1 {slowLines}); do echo 0; usleep 8000; done; seq 1 600000");
        using var log = new LogCollector();
        using var ended = new CancellationTokenSource();
        var settings = Small with { MaxSize = 2_000_000, MaxFiles = 1000, Compress = compress };
        var rotation = new LogRotation(log.Signals, TimeProvider.System, log).RunAsync(container.LogPath, container.Bundle, settings, ended.Token);
        var reading = log.ReadAsync(LogCollector.Running(container), new LogRequest(true, true, Follow: true));
        await container.StartAsync();
        await reading.WaitAsync(TimeSpan.FromSeconds(60));
        for (var i = 0; compress && i < 600 && !Directory.GetFiles(Path.GetDirectoryName(container.LogPath)!).Any(f => f.EndsWith(".gz", StringComparison.Ordinal)); i++)
        {
            await ConmonContainer.Pause(50);
        }

        await ended.CancelAsync();
        await rotation;
        var expected = string.Concat(Enumerable.Repeat("0\n", slowLines).Concat(Enumerable.Range(1, 600000).Select(i => i + "\n")));
        Assert.Equal(expected.Length, log.All.Length);
        Assert.Equal(expected, log.All);
        var files = Directory.GetFiles(Path.GetDirectoryName(container.LogPath)!);
        Assert.True(files.Length > 1, "files: " + files.Length);
        Assert.Equal(compress, files.Any(f => f.EndsWith(".gz", StringComparison.Ordinal)));
        using var late = await new LogCollector().ReadAsync(LogCollector.Ended(container.LogPath));
        Assert.Equal(expected, late.All);
        using var tail = await new LogCollector().ReadAsync(LogCollector.Ended(container.LogPath), new LogRequest(true, true, Tail: 500000));
        Assert.Equal(500000, tail.All.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Only_so_many_files_are_kept(int maxFiles)
    {
        await using var container = await ConmonContainer.CreateAsync("for i in $(seq 1 30); do seq 1 30; sleep 0.03; done");
        using var log = new LogCollector();
        using var ended = new CancellationTokenSource();
        var rotation = new LogRotation(log.Signals, TimeProvider.System, log).RunAsync(container.LogPath, container.Bundle, Small with { MaxFiles = maxFiles }, ended.Token);
        await container.StartAsync();
        await container.EndAsync();
        await ConmonContainer.Pause(50);
        await ended.CancelAsync();
        await rotation;
        Assert.InRange(Directory.GetFiles(Path.GetDirectoryName(container.LogPath)!).Length, 1, maxFiles);
    }

    [Fact]
    public async Task A_damaged_record_does_not_stop_a_follower()
    {
        await using var container = await ConmonContainer.CreateAsync("echo one; sleep 0.5; echo two");
        using var log = new LogCollector();
        var reading = log.ReadAsync(LogCollector.Running(container), new LogRequest(true, true, Follow: true));
        await container.StartAsync();
        await ConmonContainer.Pause(200);
        await using (var file = new FileStream(container.LogPath, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
        {
            file.Write(Encoding.ASCII.GetBytes("\0\0\0 rubbish\n"));
        }

        await reading.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("one\ntwo\n", log.All);
        Assert.Single(log.Notes);
    }

    [Fact]
    public async Task Following_stops_when_the_client_leaves()
    {
        await using var container = await ConmonContainer.CreateAsync("sleep 100");
        using var log = new LogCollector();
        using var left = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        await container.StartAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => log.ReadAsync(LogCollector.Running(container), new LogRequest(true, true, Follow: true), left.Token));
    }
}
