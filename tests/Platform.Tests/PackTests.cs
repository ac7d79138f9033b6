using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>Directories become running applications: the examples, dependencies that are installed once, and builds that fail.</summary>
public sealed class PackTests(PackRoom room) : IClassFixture<PackRoom>
{
    [Theory]
    [InlineData("static", "/", "Hello from a static site")]
    [InlineData("spa", "/about/us", "Hello from one page")]
    [InlineData("dockerfile", "/", "Hello from a Dockerfile")]
    [InlineData("python", "/", "Hello from Python")]
    public async Task An_example_is_deployed_and_answers(string name, string path, string answer)
    {
        var (code, log) = room.Deploy(Path.Combine(PackRoom.Examples, name), name);
        Assert.True(code == 0, log);
        Assert.Contains(answer, await room.Platform.GetAsync(name + ".localhost", path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_changed_line_of_a_node_application_installs_nothing_again_and_a_failing_command_leads_the_message()
    {
        var source = room.Source("lines", ("package.json", """{"name":"lines","scripts":{"start":"node server.js","build":"echo the token is $NPM_TOKEN; echo built > made"},"devDependencies":{}}"""),
            ("package-lock.json", """{"name":"lines","lockfileVersion":3,"requires":true,"packages":{"":{"name":"lines"}}}"""),
            ("server.js", "require('http').createServer((q, r) => r.end('one ' + require('fs').readFileSync('made'))).listen(process.env.PORT)"));
        await room.Platform.OkAsync("POST", "/api/v1/apps", """{"name":"lines","source":{"kind":"push"}}""");
        await room.Platform.OkAsync("PUT", "/api/v1/apps/lines/env/NPM_TOKEN", """{"value":"s3cr3t-value","build":true,"run":false,"secret":true}""");
        var (code, log) = room.Deploy(source, "lines");
        Assert.True(code == 0, log);
        Assert.Contains("the token is ***", log, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cr3t-value", room.History("lines"), StringComparison.Ordinal);
        Assert.Equal("one built\n", await room.Platform.GetAsync("lines.localhost"));

        await File.WriteAllTextAsync(Path.Combine(source, "server.js"), "require('http').createServer((q, r) => r.end('two')).listen(process.env.PORT)");
        (code, log) = room.Deploy(source, "lines");
        Assert.True(code == 0, log);
        Assert.Equal("two", await room.Platform.GetAsync("lines.localhost"));
        AssertCached(log, "npm ci");

        await File.WriteAllTextAsync(Path.Combine(source, "package.json"), """{"name":"lines","scripts":{"start":"node server.js","build":"echo cannot compile this; exit 7"}}""");
        (code, log) = room.Deploy(source, "lines");
        Assert.Equal(1, code);
        AssertLeads(log, "npm run build", "cannot compile this");
        Assert.Equal("two", await room.Platform.GetAsync("lines.localhost"));
    }

    [Fact]
    public async Task Processes_of_a_Procfile_find_their_tools_in_the_image_and_run_beside_what_serves()
    {
        var source = room.Source("crew", ("package.json", """{"name":"crew","scripts":{"work":"node worker.js"}}"""), ("package-lock.json", """{"name":"crew","lockfileVersion":3,"requires":true,"packages":{"":{"name":"crew"}}}"""),
            ("server.js", "require('http').createServer((q, r) => r.end('served')).listen(process.env.PORT)"), ("worker.js", "console.log('hard at work'); setInterval(() => {}, 1000)"),
            ("Procfile", "web: node server.js\nrelease: npm --version && echo released\nworker: npm run work\n"));
        var (code, log) = room.Deploy(source, "crew");
        Assert.True(code == 0, log);
        Assert.Contains("  released", log, StringComparison.Ordinal);
        Assert.Equal("served", await room.Platform.GetAsync("crew.localhost"));
        Assert.Equal("hard at work\n", (await room.Platform.OkAsync("GET", "/api/v1/apps/crew/logs?process=worker"))!.GetValue<string>());
        await room.Platform.OkAsync("DELETE", "/api/v1/apps/crew");
    }

    [Fact]
    public async Task Python_packages_come_from_an_index_of_ones_own_and_only_once()
    {
        await using var index = PackageIndex.Start("tinytext", "def text(): return 'from the index'\n");
        var source = room.Source("indexed", ("requirements.txt", "tinytext==1.0.0\n"), ("main.py", Served("one")));
        await room.Platform.OkAsync("POST", "/api/v1/apps", """{"name":"indexed","source":{"kind":"push"}}""");
        await room.Platform.OkAsync("PUT", "/api/v1/apps/indexed/env/PIP_INDEX_URL", $$"""{"value":"{{index.Address}}","build":true,"run":false}""");
        var (code, log) = room.Deploy(source, "indexed");
        Assert.True(code == 0, log);
        Assert.Equal("one from the index", await room.Platform.GetAsync("indexed.localhost"));

        var asked = index.Requests;
        Assert.NotEqual(0, asked);
        await File.WriteAllTextAsync(Path.Combine(source, "main.py"), Served("two"));
        (code, log) = room.Deploy(source, "indexed");
        Assert.True(code == 0, log);
        Assert.Equal("two from the index", await room.Platform.GetAsync("indexed.localhost"));
        AssertCached(log, "pip install -r requirements.txt");
        Assert.Equal(asked, index.Requests);

        await File.WriteAllTextAsync(Path.Combine(source, "requirements.txt"), "absent-package==2\n");
        (code, log) = room.Deploy(source, "indexed");
        Assert.Equal(1, code);
        AssertLeads(log, "pip install -r requirements.txt", "No matching distribution found for absent-package");
    }

    private static string Served(string word) =>
        "import os, tinytext\nfrom http.server import *\n\nclass Page(BaseHTTPRequestHandler):\n    def do_GET(self):\n        self.send_response(200)\n        self.end_headers()\n"
        + $"        self.wfile.write(('{word} ' + tinytext.text()).encode())\n\nHTTPServer(('', int(os.environ['PORT'])), Page).serve_forever()\n";

    private static void AssertCached(string log, string command)
    {
        var lines = log.Split('\n');
        var step = Array.FindIndex(lines, line => line.Contains("Step ", StringComparison.Ordinal) && line.EndsWith(command, StringComparison.Ordinal));
        Assert.True(step >= 0 && lines[step + 1].Contains("Using cache", StringComparison.Ordinal), log);
    }

    /// <summary>The message of the failure begins with the command, and what it said follows.</summary>
    private static void AssertLeads(string log, string command, string said)
    {
        var message = log[log.IndexOf("the build failed", StringComparison.Ordinal)..];
        Assert.Contains(command, message.Split('\n')[0], StringComparison.Ordinal);
        Assert.Contains(said, message, StringComparison.Ordinal);
    }
}

/// <summary>A platform whose engine has the base images of packs; they are made once and kept.</summary>
public sealed class PackRoom : IAsyncLifetime
{
    private const string Kept = "/var/cache/slipway-test/pack-images.tar";
    private static readonly string[] s_images = ["static", "node", "node-runtime", "python"];

    /// <summary>Directory of the examples.</summary>
    public static string Examples { get; } = Path.Combine(PrivateDaemon.RepositoryRoot(), "examples");

    /// <summary>The platform.</summary>
    public PlatformRoom Platform { get; } = new();

    private static string Slipway => Path.Combine(Path.GetDirectoryName(PrivateDaemon.Program)!, "slipway");

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        await Platform.InitializeAsync();
        var host = "unix://" + Platform.Daemon.Socket;
        if (!File.Exists(Kept))
        {
            foreach (var image in s_images)
            {
                Tool.Run(Slipway, "-H", host, "image", "bootstrap", "--quiet", image);
            }

            Tool.Run(Slipway, ["-H", host, "save", "-o", Kept + ".new", .. s_images.Select(image => $"slipway/{image}:latest")]);
            File.Move(Kept + ".new", Kept, overwrite: true);
            return;
        }

        Tool.Run(Slipway, "-H", host, "load", "-i", Kept);
    }

    /// <inheritdoc/>
    public Task DisposeAsync() => Platform.DisposeAsync();

    /// <summary>Makes a source of a few files.</summary>
    public string Source(string name, params (string Name, string Text)[] files)
    {
        var directory = Directory.CreateDirectory(Path.Combine(Platform.Root, "sources", name)).FullName;
        foreach (var (file, text) in files)
        {
            File.WriteAllText(Path.Combine(directory, file), text);
        }

        return directory;
    }

    /// <summary>The history of an application's newest image, as everybody sees it who has the image.</summary>
    public string History(string name)
    {
        var host = "unix://" + Platform.Daemon.Socket;
        var image = Tool.Run(Slipway, "-H", host, "images", "--format", "{{.Repository}}:{{.Tag}}", "slipway/" + name).Split('\n')[0];
        return Tool.Run(Slipway, "-H", host, "history", "--no-trunc", image);
    }

    /// <summary><c>slipway deploy DIRECTORY --app NAME</c>: its exit code and what it showed.</summary>
    public (int Code, string Log) Deploy(string directory, string name)
    {
        var (code, output, error) = Tool.Try("env", "SLIPWAY_SERVER=" + Platform.Address, "SLIPWAY_TOKEN=" + Platform.Token, Slipway, "deploy", directory, "--app", name);
        return (code, output + error);
    }
}

/// <summary>A package index (PEP 503) on loopback with one pure package, as a company without the Internet has one.</summary>
internal sealed class PackageIndex : IAsyncDisposable
{
    private readonly LoopbackServer _server;
    private readonly string _name;
    private readonly byte[] _wheel;
    private int _requests;

    private PackageIndex(string name, byte[] wheel)
    {
        (_name, _wheel) = (name, wheel);
        _server = LoopbackServer.Start(AnswerAsync);
    }

    /// <summary>Value of <c>PIP_INDEX_URL</c>.</summary>
    internal string Address => _server.Address + "simple/";

    /// <summary>How often it was asked.</summary>
    internal int Requests => Volatile.Read(ref _requests);

    internal static PackageIndex Start(string name, string module) => new(name, Wheel(name, module));

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext call)
    {
        Interlocked.Increment(ref _requests);
        var file = $"{_name}-1.0.0-py3-none-any.whl";
        var path = call.Request.Path.Value!;
        var (status, type, body) = path == $"/simple/{_name}/" ? (200, "text/html", Encoding.ASCII.GetBytes($"<!doctype html><a href=\"{file}#sha256={Convert.ToHexStringLower(SHA256.HashData(_wheel))}\">{file}</a>"))
            : path.EndsWith(file, StringComparison.Ordinal) ? (200, "application/zip", _wheel) : (404, "text/plain", []);
        (call.Response.StatusCode, call.Response.ContentType, call.Response.ContentLength) = (status, type, body.Length);
        await call.Response.Body.WriteAsync(body);
    }

    private static byte[] Wheel(string name, string module)
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (path, text) in ((string, string)[])
                [
                    (name + ".py", module), ($"{name}-1.0.0.dist-info/METADATA", $"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n"),
                    ($"{name}-1.0.0.dist-info/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"), ($"{name}-1.0.0.dist-info/RECORD", ""),
                ])
            {
                using var entry = zip.CreateEntry(path).Open();
                entry.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        return memory.ToArray();
    }
}
