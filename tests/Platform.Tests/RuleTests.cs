using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Slipway.Platform.Access;
using Slipway.Platform.Apps;
using Slipway.Platform.Builds;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;
using Slipway.Platform.Secrets;
using Slipway.Platform.Sources;
using Slipway.Platform.Store;
using Slipway.Platform.Webhooks;

namespace Slipway.Platform.Tests;

/// <summary>What passes and what is refused, without an engine.</summary>
public sealed class RuleTests
{
    [Theory]
    [InlineData("--upload-pack=touch /tmp/x")]
    [InlineData("ext::sh -c id")]
    [InlineData("https://user:secret@host/repo")]
    [InlineData("https://host/repo\n")]
    [InlineData("git://host/repo")]
    [InlineData("ssh://-oProxyCommand=id/repo")]
    [InlineData("-x@host:repo")]
    [InlineData("/etc")]
    [InlineData("")]
    public void Addresses_that_are_no_repositories_are_refused(string url) => Assert.Throws<PlatformException>(() => GitUrl.Parse(url));

    [Fact]
    public void A_repository_is_the_same_over_any_protocol_and_never_by_a_part_of_its_name()
    {
        var url = GitUrl.Parse("git@git.example.com:team/app.git");
        Assert.True(url.Means(GitUrl.Parse("https://git.example.com/team/app")));
        Assert.False(url.Means(GitUrl.Parse("https://git.example.com/team/app-two")));
        Assert.False(url.Means(GitUrl.Parse("https://git.example.com.evil.test/team/app")));
    }

    [Theory]
    [InlineData("main; id")]
    [InlineData("--upload-pack=x")]
    [InlineData("a..b")]
    [InlineData("a@{1}")]
    [InlineData("x.lock")]
    [InlineData("a\nb")]
    [InlineData("")]
    public void Names_that_are_no_branches_are_refused(string name) => Assert.Throws<PlatformException>(() => Rules.Branch(name));

    [Theory]
    [InlineData("../etc:/x")]
    [InlineData("/etc:/x")]
    [InlineData("data:/x/../y")]
    [InlineData("data:x")]
    [InlineData("data:/x:rw")]
    public void Volumes_are_names_and_never_directories_of_the_host(string volume) => Assert.Throws<PlatformException>(() => Rules.Volume(volume));

    [Theory]
    [InlineData("80", null, 80)]
    [InlineData("127.0.0.1:8080", "127.0.0.1", 8080)]
    [InlineData("0.0.0.0:8080", "0.0.0.0", 8080)]
    [InlineData("[::1]:443", "::1", 443)]
    [InlineData("65535", null, 65535)]
    [InlineData("65536", null, 0)]
    [InlineData("0", null, 0)]
    [InlineData("127.0.0.1", null, 0)]
    [InlineData("127.0.0.1:0", null, 0)]
    [InlineData("8000-8010", null, 0)]
    [InlineData("+80", null, 0)]
    [InlineData("", null, 0)]
    public void The_place_of_a_proxy_is_a_port_or_an_address_and_a_port(string text, string? address, int port) =>
        Assert.Equal(port == 0 ? null : new ProxyAddress(address is null ? null : IPAddress.Parse(address), port), ProxyAddress.Parse(text));

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:10.0.0.1", true)]
    [InlineData("169.254.169.254", true)]
    [InlineData("100.64.1.1", true)]
    [InlineData("fd00::1", true)]
    [InlineData("8.8.8.8", false)]
    [InlineData("2606:4700::1", false)]
    public void Inside_addresses_are_known(string address, bool inside) => Assert.Equal(inside, UrlGuard.IsInside(IPAddress.Parse(address)));

    [Theory]
    [InlineData("src/**", "src/a/b.cs", true)]
    [InlineData("/src", "src/a/b.cs", true)]
    [InlineData("*.md", "docs/readme.md", false)]
    [InlineData("**/*.md", "docs/readme.md", true)]
    [InlineData("!docs/**", "docs/readme.md", false)]
    [InlineData("!docs/**", "src/a.cs", true)]
    [InlineData("docs/**,!docs/private/**", "docs/private/x", false)]
    [InlineData("!docs/**,docs/keep/**", "docs/keep/x", true)]
    public void Watched_paths_decide_and_later_lines_win(string patterns, string file, bool counts) => Assert.Equal(counts, WatchPaths.Match(patterns.Split(','), [file]));

    [Fact]
    public void Only_the_signature_of_this_body_with_this_secret_counts()
    {
        var body = "{}"u8.ToArray();
        string Hmac(byte[] signed, string secret) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), signed));
        bool Fits(string value, string secret = "s3cret") => Signatures.Fit("github", new HeaderDictionary { ["X-Hub-Signature-256"] = value }, body, secret);
        Assert.True(Fits("sha256=" + Hmac(body, "s3cret")));
        Assert.False(Fits(""));
        Assert.False(Fits("sha1=" + Hmac(body, "s3cret")));
        Assert.False(Fits("sha256=" + Hmac("[]"u8.ToArray(), "s3cret")));
        Assert.False(Fits("sha256=" + Hmac(body, ""), secret: ""));
        Assert.False(Signatures.Fit("gitlab", new HeaderDictionary(), body, ""));
        Assert.False(Signatures.Fit("unknown", new HeaderDictionary { ["X-Hub-Signature-256"] = "sha256=" + Hmac(body, "s3cret") }, body, "s3cret"));
    }

    [Fact]
    public void Events_of_the_hosts_are_read()
    {
        var github = PushEvent.Read("github", """{"ref":"refs/heads/main","after":"abc","repository":{"clone_url":"https://h/r.git"},"commits":[{"added":["a"],"modified":["b"],"removed":[]}],"head_commit":{"message":"m"}}"""u8)[0];
        Assert.Equal(("main", "m"), (github.Branch, github.Message));
        Assert.Equal(["a", "b"], github.Files!);
        Assert.Null(PushEvent.Read("gitea", """{"ref":"refs/heads/x","after":"0000000000","deleted":true,"repository":{}}"""u8)[0].Branch);
        Assert.Null(PushEvent.Read("gitlab", """{"ref":"refs/heads/x","after":"1","total_commits_count":21,"project":{},"commits":[{"added":["a"]}]}"""u8)[0].Files);
        var bitbucket = PushEvent.Read("bitbucket", """{"push":{"changes":[{"new":{"type":"branch","name":"dev","target":{"hash":"1","message":"t"}}}]},"repository":{"links":{"html":{"href":"https://bitbucket.org/t/r"}}}}"""u8)[0];
        Assert.Equal(("dev", "https://bitbucket.org/t/r"), (bitbucket.Branch, bitbucket.Repositories[0]));
    }

    [Theory]
    [InlineData("https://git.example.com/team/app.git", "../lib.git", "https://git.example.com/team/lib.git")]
    [InlineData("ssh://git@git.example.com/team/app", "../../other/lib", "ssh://git@git.example.com/other/lib")]
    [InlineData("https://git.example.com/team/app.git", "https://elsewhere.example.com/x", "https://elsewhere.example.com/x")]
    public void A_submodules_address_may_be_relative_to_its_repository(string repository, string address, string expected) =>
        Assert.Equal(expected, Submodules.Resolve(GitUrl.Parse(repository), address).Text);

    [Theory]
    [InlineData("../../../evil.example.com/x")]
    [InlineData("ext::sh -c id")]
    [InlineData("-x")]
    [InlineData("")]
    public void A_submodules_address_stays_with_its_host_and_its_protocols(string address) => Assert.Throws<PlatformException>(() => Submodules.Resolve(GitUrl.Parse("https://git.example.com/team/app.git"), address));

    [Theory]
    [InlineData("nginx", "docker.io")]
    [InlineData("team/app:1", "docker.io")]
    [InlineData("localhost/app", "localhost")]
    [InlineData("registry.example.com:5000/team/app@sha256:1", "registry.example.com:5000")]
    public void The_registry_of_an_image_is_known(string image, string host) => Assert.Equal(host, ImageRegistry.HostOf(image));

    /// <summary>Else every application would be built again after the platform was replaced by a newer one.</summary>
    [Fact]
    public void The_key_of_a_build_is_the_same_for_ever_and_no_text_runs_into_the_next()
    {
        Assert.Equal("bd9e231547b79192f42a605c8ed1ff58d3916f4e924e5e62ff6374ce27bcda12", BuildKey.Of(["a", "bé", ""]));
        Assert.NotEqual(BuildKey.Of(["a", "b"]), BuildKey.Of(["ab", ""]));
    }

    [Fact]
    public void Secrets_are_sealed_with_the_key_alone_and_taken_out_of_lines()
    {
        var directory = Directory.CreateTempSubdirectory("slipway-box-");
        try
        {
            var path = Path.Combine(directory.FullName, "key");
            string text;
            using (var box = SecretBox.Open(path))
            {
                text = box.Seal("line one\nline \"two\" $X\n");
                Assert.Equal("line one\nline \"two\" $X\n", box.Reveal(text));
                Assert.NotEqual(text, box.Seal("line one\nline \"two\" $X\n"));
            }

            using (var box = SecretBox.Open(path))
            {
                Parallel.For(0, 20_000, number => Assert.Equal($"text {number}", box.Reveal(box.Seal($"text {number}"))));
            }

            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            using var again = SecretBox.Open(path);
            Assert.Equal("line one\nline \"two\" $X\n", again.Reveal(text));
            Assert.Throws<PlatformException>(() => again.Reveal(text[..^6] + "AAAAAA"));
        }
        finally
        {
            directory.Delete(recursive: true);
        }

        var redaction = new Redaction(["hunter22\nsecond line", "abc"]);
        Assert.Equal("got *** and *** and abc", redaction.Apply("got hunter22 and second line and abc"));
    }

    [Fact]
    public void Refusals_are_noted_and_strangers_cannot_flood_the_log_with_them()
    {
        var directory = Directory.CreateTempSubdirectory("slipway-refusals-");
        try
        {
            var clock = new Clock();
            using var store = PlatformStore.Open(Path.Combine(directory.FullName, "platform.db"));
            var log = new AuditLog(store, clock);
            var refusals = new Refusals(log, clock);
            for (var time = 0; time < 500; time++)
            {
                refusals.Note(null, "GET", "/api/v1/apps\r\n" + new string('x', 1000), "no valid token");
            }

            Assert.Equal(30, log.Latest(1000).Count);
            Assert.Equal("GET /api/v1/apps??xxx", log.Latest(1)[0].Subject[..21]);
            clock.Now += TimeSpan.FromMinutes(2);
            refusals.Note(new Caller("reader", Abilities.Read), "POST", "/api/v1/apps", "lacks the ability write");
            var last = log.Latest(1)[0];
            Assert.Equal(("reader", "refused", "POST /api/v1/apps", "lacks the ability write (470 more before)"), (last.Actor, last.Action, last.Subject, last.Detail));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private sealed class Clock : TimeProvider
    {
        internal DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }

    [Fact]
    public void The_route_document_is_the_same_for_the_same_applications_and_names_its_revision()
    {
        RoutedApp[] apps =
        [
            new("a1", "web", [new Domain { Host = "web.localhost" }, new Domain { Host = "web.localhost", Path = "/api", StripPath = true, Tls = "internal" }]),
            new("a2", "off", [new Domain { Host = "off.localhost", User = "ann", PasswordHash = "$2a$14$x" }]),
        ];
        var (json, revision) = RouteDocument.Write(apps, 8443);
        Assert.Equal((json, revision), RouteDocument.Write([apps[1], apps[0]], 8443));
        Assert.NotEqual(revision, RouteDocument.Write([apps[0]], 8443).Revision);
        var servers = JsonNode.Parse(json)!["apps"]!["http"]!["servers"]!;
        Assert.Equal($"{revision}.revision.invalid", servers["plain"]!["routes"]![0]!["match"]![0]!["host"]![0]!.GetValue<string>());
        Assert.Contains("https://{http.request.host}:8443{http.request.uri}", json, StringComparison.Ordinal);
        Assert.Contains("This application is stopped.", json, StringComparison.Ordinal);
        Assert.Equal(2, json.Split("\"/config/targets/a1\"").Length - 1);
    }
}
