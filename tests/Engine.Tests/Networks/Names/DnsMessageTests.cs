using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Slipway.Engine.Networks.Names;

namespace Slipway.Engine.Tests.Networks.Names;

/// <summary>The wire format.</summary>
public sealed class DnsMessageTests
{
    [Fact]
    public void A_question_is_read()
    {
        var question = DnsMessage.Question(DnsClient.Query("Web.Example.COM", DnsType.Aaaa, 7))!.Value;
        Assert.Equal(("web.example.com", DnsType.Aaaa, 12 + 17 + 4), (question.Name, question.Type, question.End));
        Assert.Equal("", DnsMessage.Question(DnsClient.Query("", DnsType.A, 7))!.Value.Name);
    }

    [Fact]
    public void What_is_no_plain_query_is_ignored()
    {
        var query = DnsClient.Query("web", DnsType.A, 1);
        foreach (var (at, value) in new (int, byte)[] { (2, 0x80), (2, 0x10), (5, 0), (5, 2), (12, 0x40), (12, 0xc0), (12, 200), (query.Length - 1, 3) })
        {
            var bad = query.ToArray();
            bad[at] = value;
            Assert.Null(DnsMessage.Question(bad));
        }

        for (var length = 0; length < query.Length; length++)
        {
            Assert.Null(DnsMessage.Question(query.AsSpan(0, length)));
        }
    }

    [Fact]
    public void More_addresses_than_fit_say_so()
    {
        var query = DnsClient.Query("many", DnsType.A, 3);
        var addresses = Enumerable.Range(1, 100).Select(i => IPAddress.Parse($"10.0.0.{i}")).ToList();
        var small = DnsMessage.Addresses(query, DnsMessage.Question(query)!.Value, addresses, 512);
        Assert.True(small.Length <= 512);
        Assert.NotEqual(0, small[2] & 2);
        Assert.Equal((512 - query.Length) / 16, DnsClient.Addresses(small).Count);
        var all = DnsMessage.Addresses(query, DnsMessage.Question(query)!.Value, addresses, 4096);
        Assert.Equal(0, all[2] & 2);
        Assert.Equal(addresses, DnsClient.Addresses(all));
    }

    [Theory]
    [InlineData("4.3.2.10.in-addr.arpa", "10.2.3.4")]
    [InlineData("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", "fd00::1")]
    [InlineData("3.2.10.in-addr.arpa", null)]
    [InlineData("x.3.2.10.in-addr.arpa", null)]
    [InlineData("z.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", null)]
    [InlineData("web", null)]
    public void Reverse_names_are_addresses(string name, string? address) => Assert.Equal(address, DnsMessage.ReverseAddress(name)?.ToString());

    [Fact]
    public void No_message_whatever_breaks_the_reader()
    {
        var random = new Random(42);
        var seeds = new[] { DnsClient.Query("web.example.com", DnsType.A, 1), DnsClient.Query(new string('a', 63) + ".b", DnsType.Ptr, 9) };
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(2))
        {
            var message = seeds[random.Next(seeds.Length)].ToArray().AsSpan();
            message = message[..random.Next(message.Length + 1)];
            for (var i = random.Next(4); i > 0 && message.Length > 0; i--)
            {
                message[random.Next(message.Length)] = (byte)random.Next(256);
            }

            if (DnsMessage.Question(message) is { } question)
            {
                Assert.InRange(question.End, 17, message.Length);
                Assert.InRange(question.Name.Length, 0, 255 + 63);
                Assert.Equal(question.End, DnsMessage.Empty(message, question, 3).Length);
                _ = DnsMessage.ReverseAddress(question.Name);
            }
        }
    }
}

/// <summary>Enough of a resolver for tests.</summary>
internal static class DnsClient
{
    internal static byte[] Query(string name, DnsType type, ushort id) =>
    [
        (byte)(id >> 8), (byte)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0,
        .. name.Split('.', StringSplitOptions.RemoveEmptyEntries).SelectMany(label => System.Text.Encoding.ASCII.GetBytes(label).Prepend((byte)label.Length)), 0, 0, (byte)type, 0, 1,
    ];

    internal static int Code(byte[] answer) => answer[3] & 15;

    internal static List<IPAddress> Addresses(byte[] answer)
    {
        var end = DnsMessage.Header;
        while (answer[end] != 0)
        {
            end += answer[end] + 1;
        }

        var at = end + 5;
        var found = new List<IPAddress>();
        for (var i = (answer[6] << 8) | answer[7]; i > 0; i--)
        {
            var length = (answer[at + 10] << 8) | answer[at + 11];
            found.Add(new IPAddress(answer.AsSpan(at + 12, length)));
            at += 12 + length;
        }

        return found;
    }

    internal static async Task<byte[]> AskAsync(Socket socket, byte[] query)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await socket.SendAsync(query, limit.Token);
        var buffer = new byte[4096];
        return buffer[..await socket.ReceiveAsync(buffer, limit.Token)];
    }
}
