using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>Certificates from an ACME authority (Debian's pebble), which looks for the challenge through the proxy.</summary>
[Collection(PlatformTests.Name)]
public sealed class AcmeTests(PlatformRoom room)
{
    [Fact]
    public async Task A_domain_gets_its_certificate_from_the_authority_and_keeps_it_beyond_its_end_while_that_is_away()
    {
        await room.MakeAsync("public");
        await room.DeployAsync("public");
        var (directory, port, dns) = (Directory.CreateDirectory(Path.Combine(room.Root, "acme")).FullName, PlatformRoom.FreePort(), PlatformRoom.FreePort());
        var proxy = (await room.Daemon.Api.ListContainersAsync()).Single(container => container.Labels.ContainsKey("slipway.proxy"));
        var host = (await room.Daemon.Api.InspectContainerAsync(proxy.Id)).NetworkSettings.Networks!["bridge"]!.Gateway!;
        Tool.Run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=pebble", "-addext", $"subjectAltName=IP:{host}", "-keyout", directory + "/key.pem", "-out", directory + "/cert.pem");
        await File.WriteAllTextAsync(directory + "/config.json", new JsonObject
        {
            ["pebble"] = new JsonObject
            {
                ["listenAddress"] = string.Create(CultureInfo.InvariantCulture, $"{host}:{port}"), ["managementListenAddress"] = "", ["certificate"] = directory + "/cert.pem", ["privateKey"] = directory + "/key.pem",
                ["httpPort"] = room.HttpPort, ["tlsPort"] = room.HttpsPort, ["ocspResponderURL"] = "", ["certificateValidityPeriod"] = 20,
            },
        }.ToJsonString());
        var names = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{dns}");
        using var answers = Start("pebble-challtestsrv", [], "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", names, "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", "");
        using var pebble = Start("pebble", [("PEBBLE_VA_NOSLEEP", "1"), ("PEBBLE_WFE_NONCEREJECT", "0")], "-config", directory + "/config.json", "-dnsserver", names);
        try
        {
            await room.KillAsync();
            await room.StartAsync("--acme-ca", string.Create(CultureInfo.InvariantCulture, $"https://{host}:{port}/dir"), "--acme-ca-root", directory + "/cert.pem");
            await room.OkAsync("PUT", "/api/v1/apps/public/domains", """[{"host":"shop.example.com","tls":"acme"}]""");
            await Wait.UntilAsync("the certificate is there", () => Ask().Output.Contains("first", StringComparison.Ordinal), 40);
            Assert.Contains("Pebble Intermediate CA", Ask().Error, StringComparison.Ordinal);
        }
        finally
        {
            pebble.Kill();
            answers.Kill();
        }

        // It ends while nobody renews it. An old certificate is better than none, also when the proxy starts again.
        await Wait.UntilAsync("the certificate has ended", () => Ends() < TimeProvider.System.GetUtcNow(), 30);
        Assert.Equal("first\n", Ask().Output);
        await room.Daemon.Api.RestartContainerAsync(proxy.Names[0].TrimStart('/'));
        await Wait.UntilAsync("the proxy serves again", () => Ask().Output == "first\n", 20);
        Assert.True(Ends() < TimeProvider.System.GetUtcNow());
        await room.OkAsync("DELETE", "/api/v1/apps/public");
        await room.KillAsync();
        await room.StartAsync();
    }

    private (int Code, string Output, string Error) Ask() =>
        Tool.Try("curl", "-skv", "--noproxy", "*", "--resolve", $"shop.example.com:{room.HttpsPort}:127.0.0.1", $"https://shop.example.com:{room.HttpsPort}/");

    // curl's word for the end of the certificate that it was shown.
    private DateTimeOffset Ends()
    {
        const string mark = "expire date: ";
        var said = Ask().Error;
        var line = said[(said.IndexOf(mark, StringComparison.Ordinal) + mark.Length)..].Split('\n')[0].Trim();
        return DateTimeOffset.ParseExact(line, "MMM d HH:mm:ss yyyy 'GMT'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AllowInnerWhite);
    }

    private static Process Start(string program, (string Name, string Value)[] variables, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in variables)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }
}
