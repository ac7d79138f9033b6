using System.Globalization;
using System.Text;
using Slipway.Engine.Logs;

namespace Slipway.Engine.Tests.Logs;

[Collection(AloneCollection.Name)]
public sealed class LogReadingTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("slipway-logs").FullName;
    private readonly LogCollector _log = new();

    private string LogPath => Path.Combine(_directory, "container.log");

    public void Dispose()
    {
        _log.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task A_log_is_what_the_container_wrote_to_the_byte()
    {
        await using var container = await ConmonContainer.CreateAsync(
            "printf abc; sleep 0.1; printf 'e1' >&2; sleep 0.1; echo def; head -c 20000 /dev/zero | tr '\\0' x; echo; printf '\\000\\001\\377\\r\\n\\n'; echo e2 >&2; printf tail");
        await container.StartAsync();
        await container.EndAsync();
        await _log.ReadAsync(LogCollector.Ended(container.LogPath));
        Assert.Equal("abcdef\n" + new string('x', 20000) + "\n\0\u0001\u00ff\r\n\ntail", _log.Stdout);
        Assert.Equal("e1e2\n", _log.Stderr);
        Assert.Empty(_log.Notes);
    }

    [Fact]
    public async Task A_terminal_is_logged_as_it_was_printed()
    {
        await using var container = await ConmonContainer.CreateAsync("echo a; printf b", terminal: true);
        await container.StartAsync();
        await container.EndAsync();
        await _log.ReadAsync(LogCollector.Ended(container.LogPath));
        Assert.Equal("a\r\nb", _log.Stdout);
    }

    [Theory]
    [InlineData(0, "")]
    [InlineData(1, "l9999\n")]
    [InlineData(3, "l9997\nl9998\nl9999\n")]
    public async Task Tail_gives_the_last_lines(int tail, string expected)
    {
        Write(LogPath, 10000);
        await _log.ReadAsync(LogCollector.Ended(LogPath), new LogRequest(true, true, Tail: tail));
        Assert.Equal(expected, _log.All);
    }

    [Theory]
    [InlineData(10, 20)]
    [InlineData(1499, 0)]
    [InlineData(1500, 0)]
    [InlineData(2000, 0)]
    [InlineData(501, 0)]
    [InlineData(500, 0)]
    public async Task Tail_goes_on_in_rotated_files(int tail, int unfinished)
    {
        Write(LogPath + ".2", 500);
        Write(LogPath + ".1", 500, 500);
        Write(LogPath, 500, 1000);
        File.AppendAllText(LogPath, "2026-11-21T03:02:00.0000"[..unfinished]);
        await _log.ReadAsync(LogCollector.Ended(LogPath), new LogRequest(true, true, Tail: tail));
        Assert.Equal(Lines(Math.Max(0, 1500 - tail), 1500), _log.All);
    }

    [Fact]
    public async Task Tail_counts_a_line_in_pieces_once()
    {
        File.WriteAllText(LogPath, Record("F", "one", 1) + Record("P", "two-", 2) + Record("P", "and-", 2) + Record("F", "half", 2) + Record("P", "three", 3));
        await _log.ReadAsync(LogCollector.Ended(LogPath), new LogRequest(true, true, Tail: 2, Timestamps: true));
        Assert.Equal("2026-11-21T03:02:00.000000002Z two-and-half\n2026-11-21T03:02:00.000000003Z three", _log.All);
    }

    [Fact]
    public async Task Since_and_until_choose_lines_by_time()
    {
        File.WriteAllText(LogPath, string.Concat(Enumerable.Range(0, 10).Select(i => Record("F", "l" + i, i))));
        var start = new DateTimeOffset(2026, 11, 21, 3, 2, 0, TimeSpan.Zero).ToUnixTimeSeconds() * 1_000_000_000;
        await _log.ReadAsync(LogCollector.Ended(LogPath), new LogRequest(true, true, SinceNanoseconds: start + 3, UntilNanoseconds: start + 5));
        Assert.Equal("l3\nl4\nl5\n", _log.All);
    }

    [Fact]
    public async Task Details_and_times_stand_in_front_of_lines()
    {
        File.WriteAllText(LogPath, Record("F", "x", 5).Replace("03:02:00.000000005+00:00", "05:32:00.000000005+02:30", StringComparison.Ordinal));
        var source = LogCollector.Ended(LogPath) with { Attributes = new Dictionary<string, string> { ["b"] = "2 3", ["a"] = "1" } };
        await _log.ReadAsync(source, new LogRequest(true, true, Timestamps: true, Details: true));
        Assert.Equal("2026-11-21T03:02:00.000000005Z a=1,b=2+3 x\n", _log.All);
    }

    [Fact]
    public async Task Damaged_records_are_skipped_with_a_note()
    {
        using (var file = File.Create(LogPath))
        {
            file.Write(Encoding.ASCII.GetBytes(Record("F", "one", 1)));
            file.Write(new byte[700_000]);
            file.Write(Encoding.ASCII.GetBytes("rubbish\n" + Record("F", "two", 2)));
            file.Write(new byte[100]);
            file.Write(Encoding.ASCII.GetBytes(Record("F", "three", 3) + "2026-11-21T03\n\n" + Record("F", "four", 4) + "2026-11-21T03:02:00.0"));
        }

        await _log.ReadAsync(LogCollector.Ended(LogPath));
        Assert.Equal("one\ntwo\nthree\nfour\n", _log.All);
        Assert.NotEmpty(_log.Notes);
    }

    [Fact]
    public async Task Streams_are_kept_apart()
    {
        File.WriteAllText(LogPath, string.Concat(Enumerable.Range(0, 1000).Select(i => Record("F", "l" + i, i).Replace("stdout", i % 3 == 0 ? "stderr" : "stdout", StringComparison.Ordinal))));
        await _log.ReadAsync(LogCollector.Ended(LogPath));
        Assert.Equal(Lines(0, 1000), _log.All);
        using var only = new LogCollector();
        await only.ReadAsync(LogCollector.Ended(LogPath), new LogRequest(false, true));
        Assert.Equal(334, only.All.Count(c => c == '\n'));
        Assert.Equal("", only.Stdout);
    }

    [Fact]
    public async Task Reading_needs_no_memory()
    {
        var line = Encoding.ASCII.GetBytes(Record("F", new string('x', 80), 1));
        var block = Enumerable.Repeat(line, 8000).SelectMany(l => l).ToArray();
        using (var file = File.Create(LogPath))
        {
            for (var i = 0; i < 64; i++)
            {
                file.Write(block);
            }
        }

        var bytes = 0L;
        var before = GC.GetTotalAllocatedBytes();
        await new LogStream(_log.Signals, TimeProvider.System, _log).ReadAsync(
            LogCollector.Ended(LogPath), new LogRequest(true, true), (_, data) => { bytes += data.Length; return default; }, default);
        Assert.Equal(64L * 8000 * 81, bytes);
        Assert.True(GC.GetTotalAllocatedBytes() - before < 8 << 20, "allocated " + (GC.GetTotalAllocatedBytes() - before));
    }

    private static string Record(string tag, string text, int nanosecond) =>
        string.Create(CultureInfo.InvariantCulture, $"2026-11-21T03:02:00.{nanosecond:D9}+00:00 stdout {tag} {text}\n");

    private static string Lines(int from, int to) => string.Concat(Enumerable.Range(from, to - from).Select(i => $"l{i}\n"));

    private static void Write(string path, int lines, int from = 0) =>
        File.WriteAllText(path, string.Concat(Enumerable.Range(from, lines).Select(i => Record("F", "l" + i, i))));
}
