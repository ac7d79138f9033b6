using Google.Protobuf;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Http2;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildKit.Tests;

/// <summary>The HTTP/2 below BuildKit's API: what RFC 7541 and 9113 give as examples, much data, bad ends, and bytes that are nothing.</summary>
public sealed class Http2Tests
{
    // RFC 7541 appendix C.4: three requests of one connection, with Huffman's code and the table of recent fields.
    [Fact]
    public void TheRfcsExamplesAreRead()
    {
        var reader = new HeaderReader();
        var first = reader.Read(Convert.FromHexString("828684418cf1e3c2e5f23a6ba0ab90f4ff"));
        Assert.Equal("www.example.com", first.Single(field => field.Key == ":authority").Value);
        var second = reader.Read(Convert.FromHexString("828684be5886a8eb10649cbf"));
        Assert.Equal(["www.example.com", "no-cache"], second.Skip(3).Select(field => field.Value));
        var third = reader.Read(Convert.FromHexString("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf"));
        Assert.Equal("custom-value", third.Single(field => field.Key == "custom-key").Value);
    }

    [Fact]
    public void WhatIsWrittenIsReadAgain()
    {
        KeyValuePair<string, string>[] fields = [KeyValuePair.Create("a", ""), KeyValuePair.Create("a", "again"), KeyValuePair.Create("long", new string('x', 70_000)), KeyValuePair.Create("ü", "ß")];
        Assert.Equal(fields, new HeaderReader().Read(HeaderWriter.Write(fields)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(Http2Connection.StreamWindow)]
    [InlineData(9 << 20)]
    public async Task MessagesLargerThanEveryWindowPass(int size)
    {
        await using var pair = new ConnectionPair(EchoAsync);
        var data = new byte[size];
        new Random(size).NextBytes(data);
        for (var round = 0; round < 3; round++)
        {
            var answer = await pair.Channel.CallAsync("echo", new BytesMessage { Data = ByteString.CopyFrom(data) }, BytesMessage.Parser, CancellationToken.None);
            Assert.True(answer.Data.Span.SequenceEqual(data));
        }
    }

    [Fact]
    public async Task ManyCallsGoAtOnceAndOneThatIsNotReadHoldsUpNoOther()
    {
        await using var pair = new ConnectionPair(async call =>
        {
            if (call.Method == "flood")
            {
                await FloodAsync(call);
            }

            await EchoAsync(call);
        });
        using var stuck = await pair.Channel.OpenAsync("flood", [], CancellationToken.None);
        await stuck.WriteAsync(new BytesMessage(), CancellationToken.None);
        var calls = Enumerable.Range(0, 100).Select(number => pair.Channel.CallAsync("echo", new BytesMessage { Data = ByteString.CopyFromUtf8($"{number}") }, BytesMessage.Parser, CancellationToken.None));
        var answers = await Task.WhenAll(calls).WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(Enumerable.Range(0, 100).Select(number => $"{number}"), answers.Select(answer => answer.Data.ToStringUtf8()));

        static async Task FloodAsync(GrpcCall call)
        {
            var piece = new BytesMessage { Data = ByteString.CopyFrom(new byte[64 * 1024]) };
            while (!call.Gone.IsCancellationRequested)
            {
                await call.WriteAsync(piece);
            }
        }
    }

    [Fact]
    public async Task WhoGivesUpIsNoticed()
    {
        var gone = new TaskCompletionSource();
        await using var pair = new ConnectionPair(async call =>
        {
            await using var watch = call.Gone.Register(() => gone.TrySetResult());
            await call.WriteAsync(new BytesMessage());
            await gone.Task;
        });
        using (var call = await pair.Channel.OpenAsync("wait", [], CancellationToken.None))
        {
            await call.ReadAsync(BytesMessage.Parser, CancellationToken.None);
        }

        await gone.Task.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task FailuresCarryTheirTextAndDetails()
    {
        var status = new Status { Code = 2, Message = "went wrong: ä %", Details = { new Detail { TypeUrl = "t", Value = ByteString.CopyFromUtf8("d") } } };
        await using var pair = new ConnectionPair(call =>
        {
            call.End(new GrpcException(status));
            return Task.CompletedTask;
        });
        var error = await Assert.ThrowsAsync<GrpcException>(() => pair.Channel.CallAsync("x", new BytesMessage(), BytesMessage.Parser, CancellationToken.None));
        Assert.Equal(status, error.Status);
    }

    [Fact]
    public async Task TheEndOfTheConnectionEndsItsCalls()
    {
        var pair = new ConnectionPair(call => Task.Delay(Timeout.Infinite, call.Gone).ContinueWith(_ => { }, TaskScheduler.Default));
        using var call = await pair.Channel.OpenAsync("x", [], CancellationToken.None);
        var reading = call.ReadAsync(BytesMessage.Parser, CancellationToken.None);
        await pair.DisposeAsync();
        Assert.Equal(GrpcStatus.Unavailable, (await Assert.ThrowsAsync<GrpcException>(() => reading.WaitAsync(TimeSpan.FromSeconds(10)))).Code);
        await Assert.ThrowsAsync<GrpcException>(() => pair.Channel.OpenAsync("y", [], CancellationToken.None));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task NoiseEndsTheConnectionAndNothingElse(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            var noise = new byte[random.Next(200)];
            random.NextBytes(noise);
            // Half of the time frames with heads that are in order.
            for (var at = 0; random.Next(2) == 0 && at + 9 < noise.Length; at += 9 + noise[at + 2])
            {
                (noise[at], noise[at + 1], noise[at + 2], noise[at + 3], noise[at + 5]) = (0, 0, (byte)random.Next(20), (byte)random.Next(11), 0);
            }

            var input = new MemoryStream([.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. noise]);
            var connection = new Http2Connection(new Both(input), EchoStreamAsync);
            await connection.RunAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
        }

        static async Task EchoStreamAsync(Http2Stream stream)
        {
            try
            {
                await EchoAsync(new GrpcCall(stream, await stream.Head));
            }
            catch (Exception e) when (e is IOException or GrpcException or OperationCanceledException)
            {
                // The connection has ended.
            }
        }
    }

    private static async Task EchoAsync(GrpcCall call)
    {
        try
        {
            var message = await call.ReadAsync(BytesMessage.Parser);
            await call.WriteAsync(message);
            call.End(null);
        }
        catch (Exception e) when (e is GrpcException or OperationCanceledException)
        {
            // The asker is gone.
        }
    }

    // Reads from one stream and forgets what is written.
    private sealed class Both(Stream input) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
    }
}
