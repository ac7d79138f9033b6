using System.Formats.Tar;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Slipway.Distribution.Tests.Fixture;
using Slipway.DockerApi;
using Slipway.Faults.Fixture;
using Slipway.Platform.Model;
using Slipway.Platform.Secrets;
using Slipway.Platform.Settings;
using Slipway.Platform.Sources;

namespace Slipway.Platform.Tests;

/// <summary>Where sources come from: git hosts, ssh, directories, pushes.</summary>
public sealed class SourceTests(PlatformRoom room) : IClassFixture<PlatformRoom>
{
    private const string Dockerfile = "FROM busybox\nCOPY . /w\nEXPOSE 8080\nCMD [\"httpd\",\"-f\",\"-p\",\"8080\",\"-h\",\"/w\"]\n";

    [Fact]
    public async Task A_repository_comes_with_its_submodules_and_large_files()
    {
        await using var host = new GitHost(Path.Combine(room.Root, "host"));
        var inner = host.Repository("inner", ("deep.html", "deepest\n"));
        var library = host.Repository("library", ("lib.html", "library\n"));
        GitHost.Git(library, "submodule", "--quiet", "add", "../inner.git", "vendor/inner");
        host.Commit(library);
        var main = host.Repository("main", ("web/Dockerfile", Dockerfile), ("web/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n"), ("web/big.bin", host.Keep("large content\n")));
        GitHost.Git(main, "submodule", "--quiet", "add", "../library.git", "web/lib");
        host.Commit(main);
        await MakeAsync("whole", $$"""{"kind":"git","repository":"{{host.Address}}main.git","baseDirectory":"/web"}""");
        await room.DeployAsync("whole");
        Assert.Equal("library\n", await room.GetAsync("whole.localhost", "/lib/lib.html"));
        Assert.Equal("deepest\n", await room.GetAsync("whole.localhost", "/lib/vendor/inner/deep.html"));
        Assert.Equal("large content\n", await room.GetAsync("whole.localhost", "/big.bin"));

        // A redirect is not followed, wherever it leads, and a submodule is judged like the repository itself.
        await MakeAsync("redirected", $$"""{"kind":"git","repository":"{{host.Address}}elsewhere/main.git"}""");
        Assert.Equal("failed", (await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/redirected/deploy", "{}"))).State);
        await File.WriteAllTextAsync(Path.Combine(main, ".gitmodules"), "[submodule \"x\"]\n\tpath = web/lib\n\turl = ext::sh -c id\n");
        host.Commit(main);
        var (state, log) = await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/whole/deploy", "{}"));
        Assert.Equal("failed", state);
        Assert.Contains("that is no address of a git repository", log, StringComparison.Ordinal);
        Assert.Equal("library\n", await room.GetAsync("whole.localhost", "/lib/lib.html"));
    }

    [Fact]
    public async Task A_private_repository_is_read_over_ssh_with_a_key_made_here()
    {
        await using var host = new GitHost(Path.Combine(room.Root, "private"));
        var path = host.Repository("app", ("Dockerfile", Dockerfile), ("index.html", "private\n"));
        using var ssh = SshServer.Start(Path.Combine(room.Root, "sshd"));
        await MakeAsync("private", string.Create(CultureInfo.InvariantCulture, $$"""{"kind":"git","repository":"ssh://root@127.0.0.1:{{ssh.Port}}{{path}}"}"""));
        Assert.Equal("failed", (await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/private/deploy", "{}"))).State);
        ssh.Admit((await room.OkAsync("POST", "/api/v1/apps/private/deploy-key"))!["publicKey"]!.GetValue<string>());
        await room.DeployAsync("private");
        Assert.Equal("private\n", await room.GetAsync("private.localhost"));
        Assert.Empty(Directory.GetFiles(Path.Combine(room.Root, "platform/repositories"), "key-*"));
        Assert.DoesNotContain("PRIVATE KEY", (await room.OkAsync("GET", "/api/v1/apps/private"))!.ToJsonString(), StringComparison.Ordinal);

        // Another server at the same address is not believed.
        ssh.ChangeHostKey();
        var (state, log) = await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/private/deploy", "{}"));
        Assert.Equal("failed", state);
        Assert.Contains("git fetch", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_private_image_is_pulled_with_the_applications_login_which_goes_to_that_registry_only()
    {
        using var registry = await DebianRegistry.StartAsync(locked: true);
        await room.Daemon.Api.TagImageAsync("busybox", registry.Host + "/team/tool", "1");
        await foreach (var message in room.Daemon.Api.PushImageAsync(registry.Host + "/team/tool", "1", new AuthConfig { Username = "joe", Password = "secret", ServerAddress = registry.Host }))
        {
            Assert.Null(message.Error);
        }

        await room.Daemon.Api.RemoveImageAsync(registry.Host + "/team/tool:1");
        await room.OkAsync("POST", "/api/v1/apps", $$$"""{"name":"tool","source":{"kind":"image","image":"{{{registry.Host}}}/team/tool:1"},"run":{"port":8080,"command":["httpd","-f","-p","8080","-h","/etc"]}}""");
        var (state, log) = await room.EndAsync(await room.OkAsync("POST", "/api/v1/apps/tool/deploy", "{}"));
        Assert.Equal("failed", state);
        Assert.Contains("cannot be pulled", log, StringComparison.Ordinal);
        await room.OkAsync("PUT", "/api/v1/apps/tool/registry", """{"user":"joe","password":"secret"}""");
        await room.DeployAsync("tool");
        Assert.DoesNotContain("secret", (await room.OkAsync("GET", "/api/v1/apps/tool"))!["source"]!.ToJsonString(), StringComparison.Ordinal);
        var other = await room.OkAsync("PATCH", "/api/v1/apps/tool", """{"source":{"kind":"image","image":"registry.example.com/team/tool:1"}}""");
        Assert.Null(other!["source"]!["registryUser"]);
    }

    [Fact]
    public async Task A_directory_is_sent_without_what_git_and_docker_ignore_and_its_links_lead_nowhere()
    {
        var source = Directory.CreateDirectory(Path.Combine(room.Root, "sent")).FullName;
        foreach (var (name, text) in ((string, string)[])
            [("Dockerfile", Dockerfile), (".gitignore", "*.log\n/dist\n!keep.log\n"), (".dockerignore", "secret\n"), ("index.html", "sent\n"), ("a/x.log", "1"), ("a/keep.log", "kept\n"), ("dist/y", "1"), ("a/dist/y", "below\n"), ("secret", "1"), ("a/.gitignore", "own\n"), ("a/own", "1"), ("own", "top\n")])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(source, name))!);
            await File.WriteAllTextAsync(Path.Combine(source, name), text);
        }

        File.CreateSymbolicLink(Path.Combine(source, "passwd"), "/etc/passwd");
        var slipway = Path.Combine(Path.GetDirectoryName(PrivateDaemon.Program)!, "slipway");
        var (code, said, error) = Tool.Try("env", "SLIPWAY_SERVER=" + room.Address, "SLIPWAY_TOKEN=" + room.Token, slipway, "deploy", source, "--app", "sent", "--pack", "dockerfile");
        Assert.True(code == 0, said + error);
        foreach (var (path, content) in ((string, string)[])[("/index.html", "sent\n"), ("/a/keep.log", "kept\n"), ("/a/dist/y", "below\n"), ("/own", "top\n")])
        {
            Assert.Equal(content, await room.GetAsync("sent.localhost", path));
        }

        foreach (var path in (string[])["/a/x.log", "/dist/y", "/secret", "/a/own"])
        {
            Assert.Contains("404", await room.GetAsync("sent.localhost", path), StringComparison.Ordinal);
        }

        // The link is the image's, whose accounts are not the machine's.
        Assert.DoesNotContain("messagebus", await room.GetAsync("sent.localhost", "/passwd"), StringComparison.Ordinal);
        File.Delete(Path.Combine(source, "Dockerfile"));
        File.CreateSymbolicLink(Path.Combine(source, "Dockerfile"), "/etc/passwd");
        (code, said, error) = Tool.Try("env", "SLIPWAY_SERVER=" + room.Address, "SLIPWAY_TOKEN=" + room.Token, slipway, "deploy", source, "--app", "sent");
        Assert.Equal(1, code);
        Assert.DoesNotContain("root:", said + error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData(".git/hooks/post-update")]
    [InlineData("a/.GIT/config")]
    public async Task Names_that_lead_elsewhere_are_refused(string name)
    {
        await MakeAsync("tars", """{"kind":"push"}""");
        using var tar = new MemoryStream();
        await using (var writer = new TarWriter(tar, leaveOpen: true))
        {
            await writer.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream("x"u8.ToArray()) });
        }

        Assert.Equal(HttpStatusCode.BadRequest, await SendAsync("tars", tar.ToArray()));
        Assert.Equal(HttpStatusCode.BadRequest, await SendAsync("tars", Encoding.ASCII.GetBytes(new string('x', 2000))));
    }

    [Fact]
    public async Task Pushes_need_a_token_and_the_branch_and_may_be_large_and_many()
    {
        await MakeAsync("pushes", """{"kind":"push"}""");
        var work = Directory.CreateDirectory(Path.Combine(room.Root, "pushes")).FullName;
        await File.WriteAllTextAsync(Path.Combine(work, "Dockerfile"), Dockerfile);
        var noise = new byte[24 * 1024 * 1024];
        new Random(1).NextBytes(noise);
        await File.WriteAllBytesAsync(Path.Combine(work, "noise"), noise);
        GitHost.Git(work, "init", "-q", "-b", "main");
        GitHost.Git(work, "add", "-A");
        GitHost.Git(work, "commit", "-q", "-m", "The first");
        var remote = $"{room.Address.Replace("http://", $"http://git:{room.Token}@", StringComparison.Ordinal)}/git/pushes.git";
        (int Code, string Said) Push(string to, params string[] refs)
        {
            var (code, _, said) = Tool.Try("git", ["-C", work, "push", to, .. refs]);
            return (code, said);
        }

        Assert.NotEqual(0, Push(remote.Replace(room.Token, "wrong", StringComparison.Ordinal), "main").Code);
        Assert.Contains("Nothing is deployed: the branch main is not there.", Push(remote, "main:side").Said, StringComparison.Ordinal);
        var (code, said) = Push(remote, "main");
        Assert.True(code == 0 && said.Contains("serves at", StringComparison.Ordinal), said);

        // Several at once: each is taken or refused as git does it, and the newest of the taken serves.
        var clones = Enumerable.Range(0, 4).Select(number =>
        {
            var clone = Path.Combine(room.Root, "clone" + number);
            GitHost.Git(room.Root, "clone", "-q", work, clone);
            File.WriteAllText(Path.Combine(clone, "index.html"), $"{number}\n");
            GitHost.Git(clone, "add", "-A");
            GitHost.Git(clone, "commit", "-q", "-m", "Change");
            return clone;
        }).ToList();
        var results = await Task.WhenAll(clones.Select(clone => Task.Run(() => Tool.Try("git", "-C", clone, "push", remote, "main"))));
        Assert.Contains(results, result => result.Code == 0);
        var tip = Tool.Run("git", "ls-remote", remote, "refs/heads/main").Split('\t')[0];
        var winner = clones.Single(clone => GitHost.Git(clone, "rev-parse", "HEAD").Trim() == tip);
        Assert.Equal($"{winner[^1]}\n", await room.GetAsync("pushes.localhost"));
    }

    [Theory]
    [InlineData("https://localhost/x")]
    [InlineData("https://127.0.0.1/x")]
    [InlineData("https://[::1]/x")]
    [InlineData("https://169.254.169.254/x")]
    [InlineData("https://192.168.1.1/x")]
    [InlineData("https://0x7f000001/x")]
    [InlineData("http://example.com/x")]
    [InlineData("file:///etc")]
    [InlineData("ssh://git@localhost/x")]
    public async Task Addresses_inside_are_refused_before_anything_is_called(string url)
    {
        var root = Directory.CreateTempSubdirectory("slipway-guard-");
        try
        {
            using var box = SecretBox.Open(Path.Combine(root.FullName, "key"));
            var repositories = new AppRepositories(new ServerOptions { DataRoot = root.FullName }, box);
            var app = new App { Id = "a", Name = "a", EnvironmentId = "e", ServerId = "s", Source = new AppSource { Kind = SourceKind.Git, Repository = url, SealedKey = box.Seal("key") } };
            Assert.Equal(Refusal.Forbidden, (await Assert.ThrowsAsync<PlatformException>(() => repositories.FetchAsync(app, null, default))).Refusal);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Ssh_calls_the_address_that_was_checked_and_networks_can_be_allowed()
    {
        var url = GitUrl.Parse("ssh://git@git.example.com:2222/x");
        var root = Directory.CreateTempSubdirectory("slipway-ssh-");
        using (var key = DeployKeyFile.Write(root.FullName, "key"))
        {
            var command = key.Environment(url, [IPAddress.Parse("192.0.2.7")])["GIT_SSH_COMMAND"];
            Assert.Contains("-o HostName=192.0.2.7 -o HostKeyAlias=[git.example.com]:2222", command, StringComparison.Ordinal);
        }

        root.Delete(recursive: true);
        var options = ServerOptions.Parse(["--allow-network", "127.0.0.0/8"]);
        Assert.Equal([IPAddress.Loopback], await UrlGuard.ResolveAsync("127.0.0.1", options, default));
        await Assert.ThrowsAsync<PlatformException>(() => UrlGuard.ResolveAsync("10.0.0.1", options, default));
    }

    private async Task MakeAsync(string name, string source)
    {
        if ((await room.CallAsync("GET", "/api/v1/apps/" + name)).Status == HttpStatusCode.NotFound)
        {
            await room.OkAsync("POST", "/api/v1/apps", $$"""{"name":"{{name}}","source":{{source}},"build":{"pack":"dockerfile"} }""");
        }
    }

    private async Task<HttpStatusCode> SendAsync(string app, byte[] tar)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{room.Address}/api/v1/apps/{app}/source") { Content = new ByteArrayContent(tar) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", room.Token);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        using var answer = await client.SendAsync(request);
        return answer.StatusCode;
    }
}
