using System.Net.Sockets;
using System.Text;
using Slipway.DockerApi;
using Slipway.Engine.Attach;

namespace Slipway.Engine.Tests.Attach;

[Collection(AloneCollection.Name)]
public sealed class AttachTests
{
    private static readonly AttachStreams All = new(true, true, true, CloseStdin: true, null);
    private static readonly AttachStreams Output = new(false, true, true, CloseStdin: true, null);

    [Fact]
    public async Task A_client_that_waits_gets_every_byte_from_the_first_by_stream()
    {
        await using var container = await ConmonContainer.CreateAsync("echo out; echo err >&2; head -c 300000 /dev/zero | tr '\\0' x; printf end");
        var (pump, gate) = (Pump(container), new AttachGate(TimeProvider.System));
        var clients = Enumerable.Range(0, 5).Select(_ => AttachAsync(gate, pump, Output)).ToArray();
        await gate.OpenAsync(container.Bundle);
        await container.StartAsync();
        foreach (var (end, stdout, stderr) in await Task.WhenAll(clients).WaitAsync(TimeSpan.FromSeconds(20)))
        {
            Assert.Equal(AttachEnd.Finished, end);
            Assert.Equal("out\n" + new string('x', 300000) + "end", stdout);
            Assert.Equal("err\n", stderr);
        }
    }

    [Fact]
    public async Task A_client_that_has_its_place_gets_all_from_a_container_that_has_ended_and_gone_before_it_goes_on()
    {
        await using var container = await ConmonContainer.CreateAsync("echo out; echo err >&2");
        var (pump, gate) = (Pump(container), new AttachGate(TimeProvider.System));
        using var left = gate.Enter();
        using var place = gate.Enter();
        left.Dispose();
        await gate.OpenAsync(container.Bundle);
        await container.StartAsync();
        for (var waited = 0; container.IsRunning && waited < 500; waited++)
        {
            await ConmonContainer.Pause(10);
        }

        Assert.False(container.IsRunning);
        gate.End();
        gate.Close();
        using var connection = await place.ConnectAsync(false, default).WaitAsync(TimeSpan.FromSeconds(5));
        var output = new MemoryStream();
        Assert.Equal(AttachEnd.Finished, await pump.RunAsync(connection!, new AttachPeer(null, output, multiplexed: true), Output, default).WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal(("out\n", "err\n"), Demultiplex(output.ToArray()));
        using var late = gate.Enter();
        Assert.Null(await late.ConnectAsync(false, default));
    }

    [Fact]
    public async Task Stdin_is_carried_and_its_end_too_while_a_spectator_leaves()
    {
        await using var container = await ConmonContainer.CreateAsync("wc -c; echo done", stdin: true);
        var (pump, gate) = (Pump(container), new AttachGate(TimeProvider.System));
        await gate.OpenAsync(container.Bundle);
        var spectator = await gate.ConnectAsync(false, default);
        await container.StartAsync();
        gate.Park(spectator!);
        await ConmonContainer.Pause(100);
        var input = new MemoryStream(new byte[5_000_000]);
        var (end, stdout, _) = await AttachAsync(gate, pump, All, input).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(AttachEnd.Finished, end);
        Assert.Equal("5000000\ndone\n", stdout);
        gate.End();
    }

    [Fact]
    public async Task Detach_keys_leave_the_terminal_running()
    {
        await using var container = await ConmonContainer.CreateAsync("cat", terminal: true, stdin: true, leaveStdinOpen: true);
        var (pump, gate) = (Pump(container), new AttachGate(TimeProvider.System));
        await gate.OpenAsync(container.Bundle);
        await container.StartAsync();
        var input = new MemoryStream(Encoding.ASCII.GetBytes("hello\n\u0010x\u0010\u0011never"));
        var (end, _, _) = await AttachAsync(gate, pump, All with { CloseStdin = false, Keys = DetachKeys.Parse(null) }, input).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(AttachEnd.Detached, end);
        Assert.True(container.IsRunning);
        await ConmonContainer.Pause(100);
        Assert.Contains("hello\r\n", await File.ReadAllTextAsync(container.LogPath), StringComparison.Ordinal);
        Assert.DoesNotContain("never", await File.ReadAllTextAsync(container.LogPath), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_removed_container_ends_the_wait()
    {
        var gate = new AttachGate(TimeProvider.System);
        var waiting = gate.ConnectAsync(false, default);
        gate.Close();
        Assert.Null(await waiting.WaitAsync(TimeSpan.FromSeconds(1)));
        Assert.Null(await gate.ConnectAsync(false, default));
    }

    [Fact]
    public async Task A_client_that_never_reads_holds_up_nobody_and_gets_all_in_the_end()
    {
        await using var container = await ConmonContainer.CreateAsync("head -c 20000000 /dev/zero; echo end >&2", log: false);
        var (pump, gate) = (Pump(container), new AttachGate(TimeProvider.System));
        await gate.OpenAsync(container.Bundle);
        var release = new TaskCompletionSource();
        var stalled = new StallingStream(release.Task);
        var stalledClient = RunAsync(gate, pump, Output, null, stalled);
        var other = AttachAsync(gate, pump, Output);
        await ConmonContainer.Pause(100);
        await container.StartAsync();
        var (end, stdout, stderr) = await other.WaitAsync(TimeSpan.FromSeconds(15));
        Assert.Equal((AttachEnd.Finished, 20000000, "end\n"), (end, stdout.Length, stderr));
        await container.EndAsync().WaitAsync(TimeSpan.FromSeconds(5));
        release.SetResult();
        Assert.Equal(AttachEnd.Finished, await stalledClient.WaitAsync(TimeSpan.FromSeconds(10)));
        var (slowOut, slowErr) = Demultiplex(stalled.ToArray());
        Assert.Equal((20000000, "end\n"), (slowOut.Length, slowErr));
        Assert.Empty(Directory.GetFiles(container.Scratch));
    }

    [Fact]
    public async Task Two_hundred_clients_that_come_and_go_leave_nothing()
    {
        await using var container = await ConmonContainer.CreateAsync("while true; do echo tick; usleep 1000; done", log: false);
        var (pump, gate) = (Pump(container), new AttachGate(TimeProvider.System));
        await gate.OpenAsync(container.Bundle);
        await container.StartAsync();
        var descriptors = Directory.GetFiles("/proc/self/fd").Length;
        using var steady = new CancellationTokenSource();
        var steadyOutput = new MemoryStream();
        var steadyClient = RunAsync(gate, pump, Output, null, steadyOutput, steady.Token);
        var random = new Random(1);
        await Parallel.ForEachAsync(Enumerable.Range(0, 200), new ParallelOptions { MaxDegreeOfParallelism = 50 }, async (i, _) =>
        {
            using var leave = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(5, 300)));
            Stream output = (i % 3) switch { 0 => new MemoryStream(), 1 => new StallingStream(Task.Delay(TimeSpan.FromMinutes(1), TimeProvider.System, leave.Token)), _ => new BrokenStream() };
            await RunAsync(gate, pump, Output, null, output, leave.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        var before = steadyOutput.Length;
        for (var i = 0; steadyOutput.Length < before + 500; i++)
        {
            Assert.True(i < 100, "the steady client starves");
            await ConmonContainer.Pause(50);
        }

        await steady.CancelAsync();
        await steadyClient.ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, descriptors + 8);
    }

    [Fact]
    public async Task Much_output_is_carried_whole()
    {
        await using var container = await ConmonContainer.CreateAsync("dd if=/dev/zero bs=1M count=256 2>/dev/null", log: false);
        var (pump, gate) = (Pump(container), new AttachGate(TimeProvider.System));
        await gate.OpenAsync(container.Bundle);
        var sink = new CountingStream();
        var client = RunAsync(gate, pump, Output, null, sink);
        await ConmonContainer.Pause(50);
        await container.StartAsync();
        await client.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(sink.Count > 256 << 20);
    }

    [Theory]
    [InlineData(null, "a\u0010\u0010b", "a\u0010\u0010b", false)]
    [InlineData("", "a\u0010\u0011b", "a", true)]
    [InlineData("ctrl-a,x", "\u0001\u0001xy", "\u0001", true)]
    [InlineData("z", "abcz", "abc", true)]
    public void Detach_keys_are_found_and_others_pass(string? sequence, string typed, string passed, bool detached)
    {
        var keys = DetachKeys.Parse(sequence);
        var output = new byte[100];
        var length = 0;
        var found = false;
        foreach (var key in Encoding.ASCII.GetBytes(typed))
        {
            found = keys.Filter([key], output.AsSpan(length), out var written);
            length += written;
            if (found)
            {
                break;
            }
        }

        Assert.Equal((detached, passed), (found, Encoding.ASCII.GetString(output, 0, length)));
    }

    [Fact]
    public void Wrong_detach_keys_are_refused()
    {
        var error = Assert.Throws<EngineException>(() => DetachKeys.Parse("ctrl-p,foo"));
        Assert.Equal((ErrorKind.InvalidArgument, "Invalid detach keys (ctrl-p,foo) provided"), (error.Kind, error.Message));
    }

    private static AttachPump Pump(ConmonContainer container) => new(container.Scratch, container.Watch, TimeProvider.System);

    private static async Task<(AttachEnd End, string Stdout, string Stderr)> AttachAsync(AttachGate gate, AttachPump pump, AttachStreams streams, Stream? input = null)
    {
        var output = new MemoryStream();
        var end = await RunAsync(gate, pump, streams, input, output);
        var (stdout, stderr) = Demultiplex(output.ToArray());
        return (end, stdout, stderr);
    }

    private static async Task<AttachEnd> RunAsync(AttachGate gate, AttachPump pump, AttachStreams streams, Stream? input, Stream output, CancellationToken cancel = default)
    {
        using Socket? connection = await gate.ConnectAsync(false, cancel);
        return await pump.RunAsync(connection!, new AttachPeer(input, output, multiplexed: true), streams, cancel);
    }

    private static (string Stdout, string Stderr) Demultiplex(ReadOnlySpan<byte> data)
    {
        var (stdout, stderr) = (new StringBuilder(), new StringBuilder());
        while (data.Length > 0)
        {
            Assert.True(StreamFrame.TryRead(data, out var frame));
            (frame.Stream == StdStream.Stdout ? stdout : stderr).Append(Encoding.Latin1.GetString(data.Slice(StreamFrame.HeaderSize, (int)frame.Length)));
            data = data[(StreamFrame.HeaderSize + (int)frame.Length)..];
        }

        return (stdout.ToString(), stderr.ToString());
    }

    private sealed class StallingStream(Task until) : MemoryStream
    {
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await until.WaitAsync(cancellationToken);
            Write(buffer.Span);
        }
    }

    private sealed class BrokenStream : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            Length > 100 ? ValueTask.FromException(new IOException("gone")) : base.WriteAsync(buffer, cancellationToken);
    }

    private sealed class CountingStream : MemoryStream
    {
        public long Count { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Count += buffer.Length;
            return default;
        }
    }
}
