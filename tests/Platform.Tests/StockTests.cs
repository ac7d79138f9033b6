using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>The platform on somebody else's engine, where it is installed: everything goes through the Docker Engine API.</summary>
[Collection(PlatformTests.Name)]
public sealed class StockTests(PlatformRoom room)
{
    [Fact]
    public async Task Applications_are_built_served_changed_and_rolled_back_on_stock_docker()
    {
        if (!StockDocker.IsInstalled)
        {
            return;
        }

        await using var stock = new StockDocker(room.Root);
        await stock.StartAsync();
        var images = Path.Combine(room.Root, "stock.tar");
        Tool.Run(Path.Combine(PlatformRoom.Out, "slipway"), "-H", "unix://" + room.Daemon.Socket, "save", "-o", images, "busybox", "slipway/caddy");
        Assert.Equal(0, stock.Client("load", "-i", images).Code);
        await room.OkAsync("POST", "/api/v1/servers", $$"""{"id":"","name":"stock","address":"{{stock.Address}}","httpPort":"8081","httpsPort":"8444"}""");
        var check = (await room.OkAsync("POST", "/api/v1/servers/stock/check", "{}"))!;
        Assert.True(check["reachable"]!.GetValue<bool>(), check.ToJsonString());

        const string dockerfile = "FROM busybox\nARG WORD\nRUN mkdir /w && echo $WORD >/w/index.html\nEXPOSE 8080\nCMD [\"sh\",\"-c\",\"cp -r /w /v; exec httpd -f -p 8080 -h /v\"]\n";
        await room.OkAsync("POST", "/api/v1/apps", new JsonObject { ["name"] = "abroad", ["server"] = "stock", ["source"] = new JsonObject { ["kind"] = "dockerfile", ["dockerfile"] = dockerfile }, ["run"] = new JsonObject { ["replicas"] = 2 } }.ToJsonString());
        await WordAsync("first");
        await room.DeployAsync("abroad");
        Assert.Equal("first\n", stock.Get("abroad.localhost"));
        Assert.Contains("Nothing has changed", await room.DeployAsync("abroad"), StringComparison.Ordinal);
        await WordAsync("second");
        await room.DeployAsync("abroad");
        Assert.Equal("second\n", stock.Get("abroad.localhost"));
        await room.OkAsync("PATCH", "/api/v1/apps/abroad", """{"run":{"command":["sh","-c","echo cannot; exit 3"],"health":{"deadlineSeconds":5}}}""");
        var (state, log) = await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/abroad/deploy", "{}"));
        Assert.Equal("failed", state);
        Assert.Contains("exit code 3", log, StringComparison.Ordinal);
        Assert.Equal("second\n", stock.Get("abroad.localhost"));
        await room.DeployAsync("abroad", "rollback");
        Assert.Equal("first\n", stock.Get("abroad.localhost"));
        await room.OkAsync("DELETE", "/api/v1/apps/abroad");
        await room.OkAsync("DELETE", "/api/v1/servers/stock");
    }

    private Task WordAsync(string word) => room.OkAsync("PUT", "/api/v1/apps/abroad/env/WORD", $$"""{"value":"{{word}}","build":true}""");
}
