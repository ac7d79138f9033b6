using System.Text;
using Slipway.DockerApi;
using Slipway.Distribution.Authorization;
using Slipway.Distribution.Endpoints;
using Slipway.Distribution.Tests.Fixture;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution.Tests;

/// <summary>Credentials go to their registry and nowhere else (reliability check 25).</summary>
public sealed class CredentialTests
{
    [Fact]
    public async Task A_token_server_of_the_registry_gets_the_credentials_and_its_token_is_used()
    {
        using var registry = new HostileRegistry();
        var image = new TestImage(TestImage.Layer("f", 1000, 3));
        registry.Add("x/app", "latest", image);
        registry.Lie = request => request.Path.StartsWith("/token", StringComparison.Ordinal) ? new Answer(200, """{"token":"abc","expires_in":300}"""u8.ToArray())
            : request.Authorization == "Bearer abc" ? null
            : new Answer(401, []) { Extra = $"WWW-Authenticate: Bearer realm=\"http://{registry.Host}/token\",service=\"s\",scope=\"repository:x/app:pull\"\r\n" };
        await using var room = await PrivateEngine.StartAsync();
        await room.PullAsync($"{registry.Host}/x/app:latest", PrivateEngine.Joe);
        var asked = Assert.Single(registry.Seen, request => request.Path.StartsWith("/token", StringComparison.Ordinal));
        Assert.Equal("Basic " + Convert.ToBase64String("joe:secret"u8), asked.Authorization);
        Assert.Contains("scope=repository%3Ax%2Fapp%3Apull", asked.Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_that_is_not_enough_is_told_in_dockers_words()
    {
        using var registry = new HostileRegistry();
        registry.Lie = request => request.Path.StartsWith("/token", StringComparison.Ordinal) ? new Answer(200, """{"token":"abc"}"""u8.ToArray())
            : new Answer(401, """{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}"""u8.ToArray())
            {
                Extra = $"WWW-Authenticate: Bearer realm=\"http://{registry.Host}/token\",service=\"s\"{(request.Authorization is null ? "" : ",error=\"insufficient_scope\"")}\r\n",
            };
        await using var room = await PrivateEngine.StartAsync();
        Assert.Equal(
            $"pull access denied for {registry.Host}/x/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            await room.RefusedAsync($"{registry.Host}/x/app:latest"));
    }

    [Fact]
    public async Task Check25_A_token_server_of_another_host_never_sees_them()
    {
        using var registry = new HostileRegistry();
        using var thief = new HostileRegistry { Lie = _ => new Answer(401, []) };
        registry.Lie = _ => new Answer(401, []) { Extra = $"WWW-Authenticate: Bearer realm=\"http://localhost:{thief.Port}/token\",service=\"s\"\r\n" };
        await using var room = await PrivateEngine.StartAsync();
        await room.RefusedAsync($"{registry.Host}/x/app:latest", PrivateEngine.Joe);
        Assert.All(thief.Seen, request => Assert.Null(request.Authorization));
        Assert.All(thief.Seen, request => Assert.DoesNotContain("joe", request.Path, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://[fe80::1]/token")]
    [InlineData("http://0.0.0.0/token")]
    [InlineData("ftp://127.0.0.1/token")]
    public async Task Check25_A_token_server_further_inside_is_not_called(string realm)
    {
        using var registry = new HostileRegistry();
        registry.Lie = _ => new Answer(401, []) { Extra = $"WWW-Authenticate: Bearer realm=\"{realm}\",service=\"s\"\r\n" };
        await using var room = await PrivateEngine.StartAsync();
        var message = await room.RefusedAsync($"{registry.Host}/x/app:latest", PrivateEngine.Joe);
        Assert.True(message.Contains("refusing to connect", StringComparison.Ordinal) || message.Contains("unusable", StringComparison.Ordinal), message);
    }

    [Fact]
    public async Task Check25_A_blob_is_taken_from_where_the_registry_redirects_without_credentials_and_foreign_urls_are_ignored()
    {
        using var registry = new HostileRegistry();
        using var storage = new HostileRegistry();
        using var foreign = new HostileRegistry();
        var image = new TestImage(TestImage.Layer("f", 1000, 3));
        var layer = Digest.Of(image.Layers[0]).ToString();
        image.Manifest = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(image.Manifest).Replace($"\"size\":{image.Layers[0].Length}}}", $"\"size\":{image.Layers[0].Length},\"urls\":[\"http://{foreign.Host}/{layer}\"]}}", StringComparison.Ordinal));
        registry.Add("x/app", "latest", image);
        storage.AddBlob("s", image.Layers[0]);
        registry.Lie = request => request.Authorization is null ? new Answer(401, []) { Extra = "WWW-Authenticate: Basic realm=\"r\"\r\n" }
            : request.Path.EndsWith(layer, StringComparison.Ordinal) ? new Answer(307, []) { Extra = $"Location: http://localhost:{storage.Port}/v2/s/blobs/{layer}\r\n" }
            : null;
        await using var room = await PrivateEngine.StartAsync();
        await room.PullAsync($"{registry.Host}/x/app:latest", PrivateEngine.Joe);
        Assert.Null(Assert.Single(storage.Seen).Authorization);
        Assert.Empty(foreign.Seen);
    }

    [Fact]
    public async Task A_registry_like_ecr_gets_its_long_password_with_every_request_and_its_storage_none()
    {
        using var registry = new HostileRegistry();
        using var storage = new HostileRegistry();
        var image = new TestImage(TestImage.Layer("f", 1000, 3));
        registry.Add("team/app", "v1", image);
        storage.AddBlob("s", image.Layers[0]);
        var token = new string('t', 4000);
        var expected = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("AWS:" + token));
        registry.Lie = request => request.Authorization != expected ? new Answer(401, "Not Authorized"u8.ToArray()) { Type = "text/plain", Extra = "WWW-Authenticate: Basic realm=\"https://1.dkr.ecr.eu-west-1.amazonaws.com/\",service=\"ecr.amazonaws.com\"\r\n" }
            : request.Path.EndsWith(Digest.Of(image.Layers[0]).ToString(), StringComparison.Ordinal) ? new Answer(307, []) { Extra = $"Location: http://localhost:{storage.Port}/v2/s/blobs/{Digest.Of(image.Layers[0])}?X-Amz-Signature=x\r\n" }
            : null;
        await using var room = await PrivateEngine.StartAsync();
        await room.PullAsync($"{registry.Host}/team/app:v1", RegistryCredentials.From(new AuthConfig { Username = "AWS", Password = token }));
        Assert.Null(Assert.Single(storage.Seen).Authorization);
        Assert.Single(registry.Seen, request => request.Authorization is null);
        var failure = await Assert.ThrowsAsync<EngineException>(() => room.PullAsync($"{registry.Host}/team/other:v1"));
        Assert.Contains("no basic auth credentials", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_asks_the_registry_that_the_words_name()
    {
        using var registry = new HostileRegistry();
        registry.Lie = request => request.Path.StartsWith("/v1/search?q=web&n=25", StringComparison.Ordinal)
            ? new Answer(200, """{"num_results":2,"results":[{"name":"a/web","description":"d","star_count":3,"is_official":false},{"name":"b/web","star_count":1,"is_official":true}]}"""u8.ToArray()) { Type = "application/json" }
            : null;
        await using var room = await PrivateEngine.StartAsync();
        var found = await room.Registries.SearchImages.RunAsync($"{registry.Host}/web", null, Filters.None, null, default);
        Assert.Equal(["a/web", "b/web"], found.Select(result => result.Name));
        await Assert.ThrowsAsync<EngineException>(() => room.Registries.SearchImages.RunAsync("web", 101, Filters.None, null, default));
    }

    [Theory]
    [InlineData("https://registry-1.docker.io/v2/", "https://auth.docker.io/token", true)]
    [InlineData("https://registry.gitlab.com/v2/", "https://gitlab.com/jwt/auth", true)]
    [InlineData("https://ghcr.io/v2/", "https://ghcr.io/token", true)]
    [InlineData("https://r.example.com/v2/", "https://evil.com/token", false)]
    [InlineData("https://r.example.co.uk/v2/", "https://evil.co.uk/token", false)]
    [InlineData("https://1.dkr.ecr.eu-west-1.amazonaws.com/v2/", "https://evil.s3.amazonaws.com/token", false)]
    [InlineData("https://10.0.0.1/v2/", "https://10.0.0.2/token", false)]
    [InlineData("http://localhost:5000/v2/", "http://127.0.0.1:5001/token", false)]
    public void Check25_Credentials_stay_within_an_organisation(string registry, string realm, bool may) =>
        Assert.Equal(may, TokenRealm.MayHaveCredentials(new RegistryEndpoint { Base = new Uri(registry) }, new Uri(realm)));

    [Fact]
    public void Check25_A_token_server_without_tls_is_refused_for_a_registry_with_it() =>
        Assert.Throws<EngineException>(() => TokenRealm.Check(new RegistryEndpoint { Base = new Uri("https://r.example.com/v2/") }, "http://r.example.com/token"));

    [Fact]
    public void Check25_A_redirect_from_tls_to_none_is_refused()
    {
        using var connections = new HttpConnections(PrivateEngine.Impatient);
        var session = new RegistrySession(
            connections, new TokenCache(TimeProvider.System), PrivateEngine.Impatient, TimeProvider.System, new RegistryEndpoint { Base = new Uri("https://r.example.com/v2/") }, "x", RegistryCredentials.None);
        Assert.Throws<EngineException>(() => session.Check(new Uri("https://r.example.com/v2/x"), new Uri("http://r.example.com/y")));
    }

    [Fact]
    public void Headers_are_read_as_docker_writes_them()
    {
        static string Encode(string json) => Convert.ToBase64String(Encoding.UTF8.GetBytes(json)).Replace('+', '-').Replace('/', '_');
        Assert.Equal("joe", RegistryCredentials.FromHeader(Encode("""{"username":"joe","password":"p","serveraddress":"https://index.docker.io/v1/"}"""), "docker.io").User);
        Assert.True(RegistryCredentials.FromHeader(Encode("""{"username":"joe","password":"p","serveraddress":"other.example.com"}"""), "docker.io").IsEmpty);
        Assert.Equal("tok", RegistryCredentials.FromHeader(Encode("""{"identitytoken":"tok"}"""), "docker.io").IdentityToken);
        Assert.Equal("ann", RegistryCredentials.FromConfigHeader(Encode("""{"https://index.docker.io/v1/":{"auth":"YW5uOnB3"}}"""))["docker.io"].User);
        Assert.Throws<EngineException>(() => RegistryCredentials.FromHeader("%%%", "docker.io"));
    }
}
