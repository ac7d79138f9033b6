using System.Net.Sockets;
using System.Text;

namespace Slipway.Linux.Tests;

public sealed class SocketTests : IDisposable
{
    private readonly Scratch scratch = new();

    public void Dispose() => scratch.Dispose();

    [Theory]
    [InlineData(5)]
    [InlineData(150)]
    public async Task Seqpacket_keeps_messages_apart_and_half_closes(int nameLength)
    {
        var path = Path.Combine(scratch.Make(new string('d', nameLength)), "attach");
        using var listener = UnixSockets.ListenSeqPacket(path, 0x180, -1);
        using var client = UnixSockets.ConnectSeqPacket(path);
        using var server = await listener.AcceptAsync();
        await client.SendAsync("one"u8.ToArray());
        await client.SendAsync("two"u8.ToArray());
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal("one", await Receive(server));
        Assert.Equal("two", await Receive(server));
        Assert.Equal("", await Receive(server));
        var late = Receive(client);
        await server.SendAsync("answer"u8.ToArray());
        Assert.Equal("answer", await late);
        server.Close();
        Assert.Equal("", await Receive(client));
    }

    [Fact]
    public void Listening_replaces_an_abandoned_file_only()
    {
        var path = scratch.At("s");
        var first = UnixSockets.ListenStream(path, 0x1B0, 5);
        var stat = FileStat.OfPath(path)!.Value;
        Assert.Equal((0x1B0u, 5u), (stat.Mode & 0xFFF, stat.Gid));
        Assert.Throws<LinuxException>(() => UnixSockets.ListenStream(path, 0x1B0, -1));
        first.Dispose();
        UnixSockets.ListenStream(path, 0x1B0, -1).Dispose();
    }

    [Fact]
    public async Task Fifos_and_readable_callbacks()
    {
        Fifo.Create(scratch.At("f"), Scratch.Private);
        using var watch = new ProcessWatch();
        using var reader = Fifo.OpenReadNonBlocking(scratch.At("f"));
        using var writer = Fifo.OpenWrite(scratch.At("f"));
        Assert.False(Fifo.WaitReadable([reader], TimeSpan.FromMilliseconds(20)));
        var told = new TaskCompletionSource();
        using var ending = watch.OnReadable(reader, () => told.TrySetResult(), oneShot: false);
        using (var stream = new FileStream(writer, FileAccess.Write, 0))
        {
            stream.Write("x"u8);
            await told.Task.WaitAsync(TimeSpan.FromSeconds(5));
        }

        Assert.True(Fifo.WaitReadable([reader], TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task A_descriptor_is_waited_for_again_and_again()
    {
        Fifo.Create(scratch.At("f"), Scratch.Private);
        using var watch = new ProcessWatch();
        using var reader = Fifo.OpenReadNonBlocking(scratch.At("f"));
        using var stream = new FileStream(Fifo.OpenWrite(scratch.At("f")), FileAccess.Write, 0);
        var limit = TimeSpan.FromSeconds(5);
        using var bytes = new FileStream(reader, FileAccess.Read, 0);
        using var readiness = watch.Watch(reader);
        for (var i = 0; i < 3; i++)
        {
            var wait = readiness.WaitAsync(CancellationToken.None).AsTask();
            await Task.Delay(20);
            Assert.False(wait.IsCompleted);
            stream.Write("x"u8);
            await wait.WaitAsync(limit);
            await readiness.WaitAsync(CancellationToken.None).AsTask().WaitAsync(limit);
            Assert.Equal('x', bytes.ReadByte());
        }

        using var stop = new CancellationTokenSource();
        var cancelled = readiness.WaitAsync(stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled.WaitAsync(limit));
        var last = readiness.WaitAsync(CancellationToken.None).AsTask();
        await Task.Delay(20);
        Assert.False(last.IsCompleted);
        readiness.Dispose();
        await last.WaitAsync(limit);
        await readiness.WaitAsync(CancellationToken.None).AsTask().WaitAsync(limit);
    }

    [Fact]
    public async Task Inotify_tells_of_new_files()
    {
        using var watch = new ProcessWatch();
        using var inotify = new Inotify(watch);
        var seen = new TaskCompletionSource<InotifyEvent>();
        using var ending = inotify.Watch(scratch.Root, InotifyMask.Create, e => seen.TrySetResult(e));
        scratch.Write("new", "");
        Assert.Equal(new InotifyEvent(InotifyMask.Create, "new"), await seen.Task.WaitAsync(TimeSpan.FromSeconds(5)));
    }

    private static async Task<string> Receive(Socket from)
    {
        var buffer = new byte[100];
        return Encoding.ASCII.GetString(buffer, 0, await from.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(5)));
    }
}
