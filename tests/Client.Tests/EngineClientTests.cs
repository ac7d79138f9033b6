using System.Text;
using Slipway.DockerApi;
using static Slipway.Client.Tests.ScriptedEngine;

namespace Slipway.Client.Tests;

public sealed class EngineClientTests
{
    private const string Version = """{"Version":"28.0","ApiVersion":"1.51"}""";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task AsksOnceAndKeepsTheConnection()
    {
        using var engine = Answering(Json(Version));

        Assert.Equal("28.0", (await engine.Client.VersionAsync()).Version);
        Assert.Equal("28.0", (await engine.Client.VersionAsync()).Version);

        Assert.All(engine.Requests, head => Assert.StartsWith("GET /v1.51/version HTTP/1.1\r\n", head, StringComparison.Ordinal));
        Assert.Equal((2, 1), (engine.Requests.Count, engine.Connections));
    }

    [Fact]
    public async Task FallsBackToTheVersionTheEngineNames()
    {
        using var engine = Answering(
            Json("""{"message":"client version 1.51 is too new. Maximum supported API version is 1.41"}""", 400), Json(Version));

        await engine.Client.VersionAsync();
        await engine.Client.VersionAsync();

        Assert.Equal(new ApiVersion(1, 41), engine.Client.Version);
        Assert.Equal(["/v1.51/version", "/v1.41/version", "/v1.41/version"], engine.Requests.Select(r => r.Split(' ')[1]));
    }

    [Theory]
    [InlineData("""{"message":"No such container: x"}""", "No such container: x")]
    [InlineData("page not found\n", "page not found")]
    [InlineData("", "request returned status 404")]
    public async Task RefusalsCarryTheEnginesMessage(string body, string message)
    {
        using var engine = Answering(Json(body, 404));

        var refusal = await Assert.ThrowsAsync<EngineApiException>(() => engine.Client.InspectContainerAsync("x"));

        Assert.Equal((404, message), (refusal.StatusCode, refusal.Message));
    }

    [Fact]
    public async Task ARefusalLeavesTheConnectionToTheNext()
    {
        using var engine = Answering(Json("""{"message":"No such image: x"}""", 404), Json(Version));

        await Assert.ThrowsAsync<EngineApiException>(() => engine.Client.InspectImageAsync("x"));
        await engine.Client.VersionAsync();

        Assert.Equal(1, engine.Connections);
    }

    [Fact]
    public async Task NobodyThereIsSaidSo()
    {
        using var client = new EngineClient(EngineAddress.Unix("/nonexistent/slipway.sock"));

        var error = await Assert.ThrowsAsync<EngineUnreachableException>(() => client.VersionAsync());

        Assert.StartsWith("Cannot connect to the Docker daemon at unix:///nonexistent/slipway.sock.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadsChunksAndSkipsInterimAnswers()
    {
        using var engine = Answering(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nTrailer: t\r\n\r\n");

        for (var i = 0; i < 2; i++)
        {
            await using var stream = await engine.Client.ExportContainerAsync("x");
            using var reader = new StreamReader(stream);
            Assert.Equal("hello world", await reader.ReadToEndAsync());
        }

        Assert.Equal(1, engine.Connections);
    }

    [Fact]
    public async Task ATornBodyIsAnError()
    {
        using var engine = new ScriptedEngine(async (stream, _) =>
        {
            await WriteAsync(stream, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
            stream.Close();
        });

        await using var body = await engine.Client.ExportContainerAsync("x");
        await Assert.ThrowsAsync<EndOfStreamException>(() => body.CopyToAsync(Stream.Null));
    }

    [Fact]
    public async Task EventsArriveOneByOne()
    {
        var second = new TaskCompletionSource();
        using var engine = new ScriptedEngine(async (stream, _) =>
        {
            await WriteAsync(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n13\r\n{\"Action\":\"create\"}\r\n2\r\n\r\n\r\n");
            await second.Task;
            await WriteAsync(stream, "13\r\n{\"Action\":\"start\"}\n\r\n0\r\n\r\n");
        });

        await using var events = engine.Client.EventsAsync().GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(Patience));
        Assert.Equal("create", events.Current.Action);
        second.SetResult();
        Assert.True(await events.MoveNextAsync().AsTask().WaitAsync(Patience));
        Assert.Equal("start", events.Current.Action);
        Assert.False(await events.MoveNextAsync().AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task UploadsInChunksAfterSettlingTheVersion()
    {
        var received = new MemoryStream();
        using var engine = new ScriptedEngine(async (stream, head) =>
        {
            if (head.StartsWith("GET /_ping", StringComparison.Ordinal))
            {
                await WriteAsync(stream, "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK");
                return;
            }

            var buffer = new byte[4096];
            while (!Encoding.ASCII.GetString(received.ToArray()).EndsWith("0\r\n\r\n", StringComparison.Ordinal))
            {
                received.Write(buffer, 0, await stream.ReadAsync(buffer));
            }

            await WriteAsync(stream, Json("{\"stream\":\"Loaded image: a\\n\"}\r\n"));
        });

        var messages = new List<JsonMessage>();
        await foreach (var message in engine.Client.LoadImagesAsync(new MemoryStream("tar"u8.ToArray())))
        {
            messages.Add(message);
        }

        Assert.Equal("Loaded image: a\n", Assert.Single(messages).Stream);
        Assert.Equal("3\r\ntar\r\n0\r\n\r\n", Encoding.ASCII.GetString(received.ToArray()));
        Assert.StartsWith("POST /v1.41/images/load", engine.Requests[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEarlyRefusalOfAnUploadIsTheError()
    {
        using var engine = new ScriptedEngine(async (stream, _) =>
        {
            await WriteAsync(stream, Json("""{"message":"no such container"}""", 404));
            stream.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            stream.Close();
        });
        engine.Client.PinVersion(ApiVersion.Newest);

        var refusal = await Assert.ThrowsAsync<EngineApiException>(
            () => engine.Client.PutArchiveAsync("x", "/", new MemoryStream(new byte[64 * 1024 * 1024])).WaitAsync(Patience));

        Assert.Equal("no such container", refusal.Message);
    }

    [Fact]
    public async Task CancellationEndsARequest()
    {
        using var engine = new ScriptedEngine((_, _) => Task.Delay(Patience, TimeProvider.System));
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.Client.VersionAsync(cancellation.Token));
    }
}
