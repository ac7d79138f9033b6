using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>A private engine with busybox and the proxy's image, and a real slipway-server on it.</summary>
public sealed class PlatformRoom : IAsyncLifetime
{
    private const string CachedProxy = "/var/cache/slipway-test/caddy-image.tar";
    private readonly int _port = FreePort();
    private readonly int _http = FreePort();
    private readonly int _https = FreePort();
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false, PooledConnectionLifetime = TimeSpan.Zero });
    private Scratch? _scratch;
    private PrivateDaemon? _daemon;
    private Process? _server;

    /// <summary>A directory for files of tests.</summary>
    public string Root => _scratch!.Root;

    /// <summary>The local token.</summary>
    public string Token => File.ReadAllText(Path.Combine(Root, "platform/token")).Trim();

    /// <summary>Address of the server.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}");

    internal PrivateDaemon Daemon => _daemon!;

    private static string Out => Path.GetDirectoryName(PrivateDaemon.Program)!;

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        (_scratch, _daemon) = await Scratch.BeginAsync();
        await LoadProxyAsync();
        await StartAsync();
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        await KillAsync();
        _client.Dispose();
        await _scratch!.DisposeAsync();
    }

    /// <summary>Starts the server and waits until it answers.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo(Path.Combine(Out, "slipway-server")) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var word in (string[])["--data-root", Path.Combine(Root, "platform"), "--engine", "unix://" + _daemon!.Socket, "--listen", $"127.0.0.1:{_port}", "--http-port", $"127.0.0.1:{_http}", "--https-port", $"127.0.0.1:{_https}", "--allow-local-sources"])
        {
            start.ArgumentList.Add(word);
        }

        _server = Process.Start(start)!;
        _server.OutputDataReceived += (_, _) => { };
        _server.ErrorDataReceived += (_, _) => { };
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

    /// <summary>What the proxy answers for a host.</summary>
    public async Task<string> GetAsync(string host, string path = "/")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_http}{path}"));
        request.Headers.Host = host;
        using var answer = await _client.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
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

    // The proxy's image takes a minute to make from Debian's packages; the archive is kept.
    private async Task LoadProxyAsync()
    {
        if (!File.Exists(CachedProxy))
        {
            var slipway = Path.Combine(Out, "slipway");
            Directory.CreateDirectory(Path.GetDirectoryName(CachedProxy)!);
            Tool.Run(slipway, "-H", "unix://" + _daemon!.Socket, "image", "bootstrap", "debian");
            Tool.Run(slipway, "-H", "unix://" + _daemon.Socket, "image", "bootstrap", "caddy");
            Tool.Run(slipway, "-H", "unix://" + _daemon.Socket, "save", "-o", CachedProxy + ".new", "slipway/caddy:latest");
            File.Move(CachedProxy + ".new", CachedProxy, overwrite: true);
            return;
        }

        await using var archive = File.OpenRead(CachedProxy);
        await foreach (var message in _daemon!.Api.LoadImagesAsync(archive))
        {
            Assert.Null(message.Error);
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
