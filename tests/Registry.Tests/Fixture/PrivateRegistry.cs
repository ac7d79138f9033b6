using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Slipway.Engine;
using Slipway.Linux;
using Slipway.Oci;
using Slipway.Transport;

namespace Slipway.Registry.Tests.Fixture;

/// <summary>An engine and its registry in this process, on roots and a port of their own.</summary>
internal sealed class PrivateRegistry : IAsyncDisposable
{
    internal const string Key = "0123456789abcdef";

    private readonly string _root;
    private readonly RegistryServer _server;

    private PrivateRegistry(string root, SlipwayEngine engine, RegistryServer server, IPEndPoint address)
    {
        (_root, Engine, _server, Address) = (root, engine, server, address);
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri($"http://{address}/") };
    }

    internal SlipwayEngine Engine { get; }

    internal IPEndPoint Address { get; }

    internal HttpClient Http { get; }

    internal string Root => _root;

    internal string Users => Path.Combine(_root, "users");

    /// <param name="withUsers">Users <c>ann</c>, <c>bob</c> and the administrator <c>root</c>, whose passwords are their names.</param>
    /// <param name="change">Further options.</param>
    /// <param name="time">The clock.</param>
    /// <param name="copies">Makes what fetches copies of other registries.</param>
    internal static async Task<PrivateRegistry> StartAsync(bool withUsers = false, Func<RegistryOptions, RegistryOptions>? change = null, TimeProvider? time = null, Func<SlipwayEngine, string, PullThrough>? copies = null)
    {
        var root = Directory.CreateTempSubdirectory("slipway-reg-").FullName;
        var engine = await SlipwayEngine.StartAsync(
            new EngineOptions { DataRoot = Path.Combine(root, "data"), ExecRoot = Path.Combine(root, "run"), CgroupParent = "/" + Path.GetFileName(root), Bridge = "none", Firewall = false },
            time ?? TimeProvider.System, NullLoggerFactory.Instance, CancellationToken.None);
        var options = new RegistryOptions { EngineKey = Key, UsersFile = withUsers ? Path.Combine(root, "users") : null, AuditFile = Path.Combine(root, "audit.log"), Copies = copies?.Invoke(engine, root) };
        if (withUsers)
        {
            await File.WriteAllLinesAsync(Path.Combine(root, "users"), ((string[])["ann", "bob", "root"]).Select(name => $"{name}:{Passwords.Hash(name)}"));
            await engine.Grants.SetAsync(new Slipway.Engine.Repositories.Grant { User = "root", Repository = "*", Actions = ["admin"] });
        }

        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        socket.Listen(512);
        var address = (IPEndPoint)socket.LocalEndPoint!;
        var server = new RegistryServer(engine, change?.Invoke(options) ?? options, new BoundEndPoint(socket, "test"), NullLoggerFactory.Instance);
        await server.StartAsync(CancellationToken.None);
        return new PrivateRegistry(root, engine, server, address);
    }

    /// <summary>Sends a request.</summary>
    /// <param name="method">Method.</param>
    /// <param name="path">Address below the host.</param>
    /// <param name="body">Body, or null.</param>
    /// <param name="headers">Headers as <c>Name: value</c>.</param>
    internal async Task<HttpResponseMessage> SendAsync(string method, string path, byte[]? body = null, params string[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null || method is "POST" or "PUT" or "PATCH")
        {
            request.Content = new ByteArrayContent(body ?? []);
        }

        foreach (var pair in headers.Select(header => header.Split(": ", 2)))
        {
            if (!request.Headers.TryAddWithoutValidation(pair[0], pair[1]))
            {
                request.Content!.Headers.TryAddWithoutValidation(pair[0], pair[1]);
            }
        }

        return await Http.SendAsync(request);
    }

    internal async Task<(int Status, string Code)> FailAsync(string method, string path, byte[]? body = null, params string[] headers)
    {
        using var answer = await SendAsync(method, path, body, headers);
        var text = await answer.Content.ReadAsStringAsync();
        return ((int)answer.StatusCode, text.StartsWith('{') ? (string?)JsonNode.Parse(text)!["errors"]?[0]?["code"] ?? "" : "");
    }

    /// <summary>Pushes a blob at once; returns its digest.</summary>
    internal async Task<Digest> PushBlobAsync(string repository, byte[] content, params string[] headers)
    {
        var digest = Digest.Of(content);
        using var answer = await SendAsync("POST", $"/v2/{repository}/blobs/uploads/?digest={digest}", content, [.. headers, "Content-Type: application/octet-stream"]);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return digest;
    }

    /// <summary>Pushes an image of one layer; returns its manifest.</summary>
    internal async Task<byte[]> PushImageAsync(string repository, string reference, byte[] layer, string extra = "", params string[] headers)
    {
        var config = "{}"u8.ToArray();
        await PushBlobAsync(repository, config, headers);
        await PushBlobAsync(repository, layer, headers);
        var manifest = Manifest(config, layer, extra);
        using var answer = await PutAsync(repository, reference.Length == 0 ? Digest.Of(manifest).ToString() : reference, manifest, headers: headers);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return manifest;
    }

    internal Task<HttpResponseMessage> PutAsync(string repository, string reference, byte[] manifest, string type = MediaTypes.OciManifest, params string[] headers) =>
        SendAsync("PUT", $"/v2/{repository}/manifests/{reference}", manifest, [.. headers, "Content-Type: " + type]);

    internal static byte[] Manifest(byte[] config, byte[] layer, string extra = "") => Encoding.UTF8.GetBytes(
        $$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciManifest}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{Digest.Of(config)}}","size":{{config.Length}}},"layers":[{"mediaType":"{{MediaTypes.OciLayerGzip}}","digest":"{{Digest.Of(layer)}}","size":{{layer.Length}}}]{{extra}}}""");

    internal static byte[] Noise(int size, int seed = 1)
    {
        var content = new byte[size];
        new Random(seed).NextBytes(content);
        return content;
    }

    internal static string Basic(string user, string? password = null) => "Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password ?? user}"));

    internal async Task<string> TokenAsync(string? user, params string[] scopes)
    {
        using var answer = await SendAsync("GET", "/token?service=slipway&" + string.Join('&', scopes.Select(scope => "scope=" + Uri.EscapeDataString(scope))), null, user is null ? [] : [Basic(user)]);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return "Authorization: Bearer " + (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["token"];
    }

    /// <summary>Runs a program of the machine; returns what it wrote. It must succeed.</summary>
    internal async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _root, Environment = { ["HOME"] = _root, ["XDG_RUNTIME_DIR"] = _root } };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {await errors}");
        return await output;
    }

    public async ValueTask DisposeAsync()
    {
        if (!Directory.Exists(_root))
        {
            return;
        }

        Http.Dispose();
        await _server.DisposeAsync();
        await Engine.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }
}
