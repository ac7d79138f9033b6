using System.Diagnostics;
using System.Formats.Tar;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Acceptance.Fixture;
using Slipway.Client;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>The tests that share one engine and one platform, one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class PlatformTests : ICollectionFixture<PlatformRoom>
{
    internal const string Name = "platform";
}

/// <summary>A private engine with busybox and the proxy's image, and a real slipway-server on it.</summary>
public class PlatformRoom : IAsyncLifetime
{
    /// <summary>The command of an application that answers with the variable WORD.</summary>
    public const string Site = """["sh","-c","mkdir /w; echo $WORD >/w/index.html; exec httpd -f -p $PORT -h /w"]""";

    private const string CachedProxy = "/var/cache/slipway-test/caddy-image.tar";
    private readonly int _port = FreePort();
    private readonly int _http = FreePort();
    private readonly int _https = FreePort();
    private readonly StringBuilder _log = new();
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero, AllowAutoRedirect = false });
    private Scratch? _scratch;
    private PrivateDaemon? _daemon;
    private Process? _server;

    /// <summary>A directory for files of tests.</summary>
    public string Root => _scratch!.Root;

    /// <summary>The local token.</summary>
    public string Token => File.ReadAllText(Path.Combine(Root, "platform/token")).Trim();

    /// <summary>Address of the server.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}");

    /// <summary>Port of the proxy for HTTP.</summary>
    public int HttpPort => _http;

    /// <summary>Port of the proxy for HTTPS.</summary>
    public int HttpsPort => _https;

    /// <summary>Directory of the programs under test.</summary>
    public static string Out => Path.GetDirectoryName(PrivateDaemon.Program)!;

    /// <summary>What the server has said.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    internal PrivateDaemon Daemon => _daemon!;

    /// <summary>Whether there is such an engine on this machine.</summary>
    public virtual bool IsThere => true;

    /// <summary>Speaks to the engine of the first server.</summary>
    internal virtual EngineClient Engine => _daemon!.Api;

    /// <summary>Address at which visitors reach the proxy.</summary>
    protected virtual string Visited => "127.0.0.1";

    /// <summary>Another engine beside the first one, not started yet.</summary>
    internal PrivateDaemon AnotherDaemon(string room, params string[] options) => _scratch!.Daemon(Path.Combine(Root, "data-" + room), room, options);

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        if (IsThere)
        {
            _scratch = new Scratch();
            try
            {
                await StartEngineAsync(_scratch);
                await LoadAsync(BusyboxImage.Archive());
                await LoadProxyAsync();
                await StartAsync();
            }
            catch
            {
                await DisposeAsync();
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        await KillAsync();
        _client.Dispose();
        if (_scratch is not null)
        {
            await StopEngineAsync();
            await _scratch.DisposeAsync();
        }
    }

    private protected virtual async Task StartEngineAsync(Scratch scratch)
    {
        _daemon = scratch.Daemon();
        await _daemon.StartAsync();
    }

    private protected virtual Task StopEngineAsync() => Task.CompletedTask;

    /// <summary>Starts the server and waits until it answers.</summary>
    /// <param name="options">Further options of this start.</param>
    public async Task StartAsync(params string[] options)
    {
        var start = new ProcessStartInfo(Path.Combine(Out, "slipway-server")) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var word in (string[])["--data-root", Path.Combine(Root, "platform"), "--engine", Host, "--listen", $"127.0.0.1:{_port}", "--http-port", $"{Visited}:{_http}", "--https-port", $"{Visited}:{_https}", "--allow-local-sources", .. options])
        {
            start.ArgumentList.Add(word);
        }

        _server = Process.Start(start)!;
        _server.OutputDataReceived += (_, line) => Keep(line.Data);
        _server.ErrorDataReceived += (_, line) => Keep(line.Data);
        _server.BeginOutputReadLine();
        _server.BeginErrorReadLine();
        await Wait.UntilAsync("slipway-server answers", async () => await StatusAsync("/health") == HttpStatusCode.OK, 30);
    }

    /// <summary><c>kill -9</c> of the server.</summary>
    public async Task KillAsync()
    {
        if (_server is { HasExited: false } server)
        {
            server.Kill();
            await server.WaitForExitAsync();
        }

        _server?.Dispose();
        _server = null;
    }

    /// <summary>Calls the API.</summary>
    public async Task<(HttpStatusCode Status, JsonNode? Body)> CallAsync(string method, string path, string? json = null, string? token = null)
    {
        // A test that failed while it had killed the server is not to fail those that come after it.
        if (_server is null)
        {
            await StartAsync();
        }

        using var request = new HttpRequestMessage(new HttpMethod(method), Address + path);
        request.Headers.Authorization = new("Bearer", token ?? Token);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await _client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.StartsWith('{') || text.StartsWith('[') ? JsonNode.Parse(text) : JsonValue.Create(text));
    }

    /// <summary>Calls the API and expects success.</summary>
    public async Task<JsonNode?> OkAsync(string method, string path, string? json = null)
    {
        var (status, body) = await CallAsync(method, path, json);
        Assert.True((int)status < 300, $"{method} {path}: {status} {body?.ToJsonString()}");
        return body;
    }

    /// <summary>Starts <c>slipway app …</c> with the platform's address and token.</summary>
    internal CommandLine App(params string[] arguments) => CommandLine.Start("/usr/bin/env", [.. Variables, Path.Combine(Out, "slipway"), "app", .. arguments], Root);

    /// <summary>What <c>slipway</c> has to be told to find the platform.</summary>
    internal string[] Variables => ["SLIPWAY_SERVER=" + Address, "SLIPWAY_TOKEN=" + Token];

    /// <summary>Waits for the end of a deployment; its state and its log.</summary>
    public async Task<(string State, string Log)> EndAsync(JsonNode? deployment)
    {
        var id = deployment!["id"]!.GetValue<string>();
        var log = (await OkAsync("GET", $"/api/v1/deployments/{id}/log?follow=true"))!.GetValue<string>();
        return ((await OkAsync("GET", "/api/v1/deployments/" + id))!["state"]!.GetValue<string>(), log);
    }

    /// <summary>Deploys and expects that it serves.</summary>
    public async Task<string> DeployAsync(string app, string action = "deploy", string json = "{}")
    {
        var (state, log) = await EndAsync(await OkAsync("POST", $"/api/v1/apps/{app}/{action}", json));
        Assert.True(state == "succeeded", log);
        return log;
    }

    /// <summary>Sends files as an application's source, which deploys them.</summary>
    public async Task<(string State, string Log)> SendAsync(string app, params (string Path, string Text)[] files)
    {
        using var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            foreach (var (path, text) in files)
            {
                await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, path) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(text)) });
            }
        }

        tar.Position = 0;
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Address}/api/v1/apps/{app}/source") { Content = new StreamContent(tar) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        using var answer = await _client.SendAsync(request);
        return await EndAsync(JsonNode.Parse(await answer.Content.ReadAsStringAsync()));
    }

    /// <summary>What the proxy answers for a host.</summary>
    public async Task<string> GetAsync(string host, string path = "/")
    {
        using var answer = await AskAsync(host, path);
        return await answer.Content.ReadAsStringAsync() is { Length: > 0 } text ? text : answer.StatusCode.ToString();
    }

    /// <summary>What the proxy answers for a host; empty while it does not let anybody connect.</summary>
    public async Task<string> TryGetAsync(string host)
    {
        try
        {
            return await GetAsync(host);
        }
        catch (HttpRequestException)
        {
            return "";
        }
    }

    /// <summary>What the proxy answers for a host, with everything around it.</summary>
    public async Task<HttpResponseMessage> AskAsync(string host, string path = "/", params IEnumerable<(string Name, string Value)> headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"http://{Visited}:{_http}{path}"));
        request.Headers.Host = host;
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await _client.SendAsync(request);
    }

    /// <summary>Makes an application that answers with a word.</summary>
    public async Task MakeAsync(string name, string word = "first", string run = "")
    {
        await OkAsync("POST", "/api/v1/apps", $$$"""{"name":"{{{name}}}","source":{"kind":"image","image":"busybox"},"run":{"port":8080,"command":{{{Site}}}{{{run}}}}}""");
        await OkAsync("PUT", $"/api/v1/apps/{name}/env/WORD", $$$"""{"value":"{{{word}}}"}""");
    }

    private void Keep(string? line)
    {
        lock (_log)
        {
            _log.Append(line).Append('\n');
        }
    }

    private async Task<HttpStatusCode?> StatusAsync(string path)
    {
        try
        {
            using var answer = await _client.GetAsync(new Uri(Address + path));
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private async Task LoadProxyAsync()
    {
        if (!File.Exists(CachedProxy))
        {
            await MakeProxyAsync();
        }

        await LoadAsync(File.OpenRead(CachedProxy));
    }

    // The proxy's image takes a minute to make from Debian's packages, to which another's engine may have no way; the archive is kept.
    private async Task MakeProxyAsync()
    {
        var maker = _daemon ?? AnotherDaemon("maker");
        if (maker != _daemon)
        {
            await maker.StartAsync();
        }

        var (slipway, host) = (Path.Combine(Out, "slipway"), "unix://" + maker.Socket);
        Directory.CreateDirectory(Path.GetDirectoryName(CachedProxy)!);
        Tool.Run(slipway, "-H", host, "image", "bootstrap", "debian");
        Tool.Run(slipway, "-H", host, "image", "bootstrap", "caddy");
        Tool.Run(slipway, "-H", host, "save", "-o", CachedProxy + ".new", "slipway/caddy:latest");
        File.Move(CachedProxy + ".new", CachedProxy, overwrite: true);
    }

    private async Task LoadAsync(Stream archive)
    {
        await using (archive)
        {
            await foreach (var message in Engine.LoadImagesAsync(archive))
            {
                Assert.Null(message.Error);
            }
        }
    }

    private string Host => "unix://" + Engine.Address.SocketPath;

    /// <summary>
    /// A port that nobody has now, and that the kernel gives to no outgoing connection (those begin at 32768): else somebody's would take the proxy's
    /// while it is made anew.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(12_000, 32_000);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }
    }
}
