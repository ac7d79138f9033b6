using System.IO.Pipelines;
using System.Text;
using Slipway.BuildKit.Sessions;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Oci;

namespace Slipway.BuildKit.Tests;

public sealed class SessionTests
{
    // RFC 9113 section 3.4: whatever else came before the preface would end the connection.
    [Fact]
    public async Task ASessionIsGreetedBeforeABuildAsksIt()
    {
        for (var round = 0; round < 1000; round++)
        {
            using var stop = new CancellationTokenSource();
            var (there, back) = (new Pipe(), new Pipe());
            var sessions = new SessionTable(TimeProvider.System);
            var found = sessions.GetAsync("id", CancellationToken.None);
            var asked = Task.Factory.StartNew(() => AskAsync(found), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();
            var joined = sessions.JoinAsync(new ConnectionPair.Duplex(back.Reader, there.Writer), new SessionHello("id", "", new HashSet<string>()), stop.Token);
            await asked;
            var sent = await there.Reader.ReadAtLeastAsync(14, CancellationToken.None);
            Assert.Equal("PRI * HTTP/2.0", Encoding.ASCII.GetString(sent.Buffer.FirstSpan[..14]));
            await stop.CancelAsync();
            await joined;
        }
    }

    // dockerode's session says of no method that it serves it.
    [Fact]
    public async Task CredentialsAreAskedForWhateverTheSessionSays()
    {
        await using var pair = new ConnectionPair(async call =>
        {
            var asked = await call.ReadAsync(CredentialsRequest.Parser);
            await call.WriteAsync(new CredentialsResponse { Username = asked.Host, Secret = "s" });
            call.End(null);
        });
        var name = Reference.Parse("registry.example/a");
        var found = await SessionRegistry.CredentialsAsync(new Session("id", "", new HashSet<string>(), pair.Channel, CancellationToken.None), name, CancellationToken.None);
        Assert.False(found.IsEmpty);
        await using var silent = new ConnectionPair(call =>
        {
            call.End(new GrpcException(GrpcStatus.Unimplemented, "no such method"));
            return Task.CompletedTask;
        });
        Assert.True((await SessionRegistry.CredentialsAsync(new Session("id", "", new HashSet<string>(), silent.Channel, CancellationToken.None), name, CancellationToken.None)).IsEmpty);
        Assert.True((await SessionRegistry.CredentialsAsync(Session.None, name, CancellationToken.None)).IsEmpty);
    }

    // As soon as it is there.
    private static async Task AskAsync(Task<Session> found)
    {
        SpinWait.SpinUntil(() => found.IsCompleted);
        using var call = await (await found).Channel.OpenAsync("/a/b", [], CancellationToken.None);
    }
}
