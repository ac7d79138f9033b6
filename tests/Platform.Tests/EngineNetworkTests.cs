using System.Text;
using Microsoft.AspNetCore.Http;
using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Platform.Engines;

namespace Slipway.Platform.Tests;

/// <summary>Networks that several want at the same time: the engine finds none, and has one when it is to be made.</summary>
public sealed class EngineNetworkTests
{
    [Theory]
    [InlineData(409, true)]
    [InlineData(201, true)]
    [InlineData(403, false)]
    public async Task A_network_that_somebody_else_makes_meanwhile_is_there(int answer, bool there)
    {
        string? asked = null;
        await using var server = LoopbackServer.Start(async http =>
        {
            var creates = HttpMethods.IsPost(http.Request.Method);
            asked = creates ? await new StreamReader(http.Request.Body).ReadToEndAsync() : asked;
            http.Response.StatusCode = creates ? answer : http.Request.Path.Value!.Contains("/networks/", StringComparison.Ordinal) ? 404 : 200;
            http.Response.ContentType = "application/json";
            await http.Response.Body.WriteAsync(Encoding.UTF8.GetBytes("""{"Id":"1","message":"as it is"}"""));
        });
        using var engine = new EngineClient(EngineAddress.Parse(server.Address.Replace("http:", "tcp:", StringComparison.Ordinal).TrimEnd('/')));
        var refused = await Record.ExceptionAsync(() => EngineNetworks.EnsureAsync(engine, new NetworkCreateRequest { Name = "shared" }, CancellationToken.None));
        Assert.Equal(there, refused is null);
        Assert.Contains("\"CheckDuplicate\":true", asked, StringComparison.Ordinal);
    }
}
