using System.Text;
using Slipway.DockerApi;
using static Slipway.Client.Tests.ScriptedEngine;

namespace Slipway.Client.Tests;

public sealed class StreamTests
{
    [Fact]
    public async Task AHijackedConnectionHalfCloses()
    {
        using var engine = new ScriptedEngine(async (stream, _) =>
        {
            await WriteAsync(stream, "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhi ");
            using var reader = new StreamReader(stream, leaveOpen: true);
            await WriteAsync(stream, (await reader.ReadToEndAsync()).ToUpperInvariant());
            stream.Close();
        });

        await using var hijacked = await engine.Client.AttachContainerAsync("x", new AttachOptions { Stdin = true });
        await hijacked.WriteAsync("input"u8.ToArray());
        hijacked.CloseWrite();
        using var output = new StreamReader(hijacked);

        Assert.Equal("hi INPUT", await output.ReadToEndAsync());
        Assert.Equal("application/vnd.docker.raw-stream", hijacked.ContentType);
        Assert.Contains("Upgrade: tcp\r\n", engine.Requests[0], StringComparison.Ordinal);
        Assert.Contains("/containers/x/attach?stream=1&stdin=1&stdout=1&stderr=1 ", engine.Requests[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARefusedHijackIsAnApiError()
    {
        using var engine = Answering(Json("""{"message":"container x is not running"}""", 409));

        var refusal = await Assert.ThrowsAsync<EngineApiException>(() => engine.Client.StartExecAsync("x", new ExecStartRequest()));

        Assert.Equal((409, "container x is not running"), (refusal.StatusCode, refusal.Message));
    }

    [Fact]
    public async Task FramesAreTakenApart()
    {
        using var stdout = new MemoryStream();
        using var stderr = new MemoryStream();

        await new MultiplexedStream(Frames((StdStream.Stdout, "one"), (StdStream.Stdout, ""), (StdStream.Stderr, "two"), (StdStream.Stdout, "three")))
            .CopyToAsync(stdout, stderr);

        Assert.Equal(("onethree", "two"), (Encoding.UTF8.GetString(stdout.ToArray()), Encoding.UTF8.GetString(stderr.ToArray())));
    }

    [Fact]
    public async Task ATornFrameIsAnError()
    {
        var whole = Frames((StdStream.Stdout, "abc"));
        whole.SetLength(whole.Length - 1);

        await Assert.ThrowsAsync<EndOfStreamException>(() => new MultiplexedStream(whole).CopyToAsync(Stream.Null, Stream.Null));
        await Assert.ThrowsAsync<InvalidDataException>(
            () => new MultiplexedStream(new MemoryStream("plain text"u8.ToArray())).CopyToAsync(Stream.Null, Stream.Null));
        await Assert.ThrowsAsync<InvalidDataException>(
            () => new MultiplexedStream(Frames((StdStream.SystemError, "oops"))).CopyToAsync(Stream.Null, Stream.Null));
    }

    private static MemoryStream Frames(params (StdStream Stream, string Text)[] frames)
    {
        var all = new MemoryStream();
        var header = new byte[StreamFrame.HeaderSize];
        foreach (var (stream, text) in frames)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            new StreamFrame(stream, (uint)bytes.Length).Write(header);
            all.Write(header);
            all.Write(bytes);
        }

        all.Position = 0;
        return all;
    }
}
