using System.Net.Sockets;
using System.Text;
using Slipway.Registry.Tests.Fixture;

namespace Slipway.Registry.Tests;

/// <summary>Clients that leave in the middle of a blob.</summary>
[Collection(AloneCollection.Name)]
public sealed class AbandonedPullTests
{
    private const int Size = 48 << 20;

    [Fact]
    public async Task Take_no_memory_with_them()
    {
        await using var registry = await PrivateRegistry.StartAsync();
        var digest = await registry.PushBlobAsync("a", new byte[Size]);
        var request = Encoding.ASCII.GetBytes($"GET /v2/a/blobs/{digest} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        var before = GC.GetTotalAllocatedBytes();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(() =>
        {
            var (random, buffer) = (new Random(seed), new byte[64 << 10]);
            for (var i = 0; i < 100; i++)
            {
                using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                client.Connect(registry.Address);
                client.Send(request);
                for (var left = random.Next(Size); left > 0;)
                {
                    left -= client.Receive(buffer);
                }
            }
        })));
        var allocated = GC.GetTotalAllocatedBytes() - before;
        Assert.True(allocated < 96 << 20, $"{allocated} bytes for 800 requests");
    }
}
