using System.Text;
using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api.Tests;

/// <summary>What every request goes through: versions, routes, bodies, errors.</summary>
public sealed class RequestTests
{
    private static void Map(RouteTable routes)
    {
        PingEndpoints.Map(routes);
        SwarmEndpoints.Map(routes);
        PluginEndpoints.Map(routes);
        routes.Get("/images/{name*}/json", call => call.JsonAsync(new IdResponse { Id = call.Name }, DockerJson.Wire.IdResponse));
        routes.Get("/containers/{id}/json", call => call.JsonAsync(new IdResponse { Id = call.Name + " " + call.Version }, DockerJson.Wire.IdResponse));
        routes.Post("/containers/create", async call =>
        {
            var body = await call.RequiredBodyAsync(DockerJson.Default.ContainerCreateRequest);
            await call.JsonAsync(new IdResponse { Id = body.Image }, DockerJson.Wire.IdResponse, 201);
        });
        routes.Post("/fail/{id}", call => throw (call.Name == "bug" ? new InvalidOperationException("secret") : new EngineException(Enum.Parse<ErrorKind>(call.Name), "why")));
        routes.Get("/number", call => call.StatusAsync(call.Query.Int("n") ?? 204));
    }

    private static async Task<string> SendAsync(string method, string path, string headers = "", string body = "")
    {
        await using var server = await TestServer.StartAsync(Map);
        var length = body.Length > 0 ? $"Content-Length: {body.Length}\r\n" : "";
        return server.Exchange($"{method} {path} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n{headers}{length}\r\n{body}");
    }

    [Theory]
    [InlineData("/_ping", "200 OK", "OK")]
    [InlineData("/v1.24/_ping", "200 OK", "OK")]
    [InlineData("/v1.51/_ping", "200 OK", "OK")]
    [InlineData("/v1.99/_ping", "400 Bad Request", "{\"message\":\"client version 1.99 is too new. Maximum supported API version is 1.51\"}")]
    [InlineData("/v1.12/_ping", "400 Bad Request", "{\"message\":\"client version 1.12 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version\"}")]
    [InlineData("/nonsense", "404 Not Found", "{\"message\":\"page not found\"}")]
    [InlineData("/v1.99/nonsense", "404 Not Found", "page not found")]
    [InlineData("/vx/_ping", "404 Not Found", "page not found")]
    [InlineData("/", "404 Not Found", "page not found")]
    [InlineData("/images/a/b/c:tag/json", "200 OK", "{\"Id\":\"a/b/c:tag\"}")]
    [InlineData("/images/a%2Fb%3Atag/json", "200 OK", "{\"Id\":\"a/b:tag\"}")]
    [InlineData("/v1.40/containers/x/json", "200 OK", "{\"Id\":\"x 1.40\"}")]
    [InlineData("/containers//json", "404 Not Found", "page not found")]
    [InlineData("/number?n=zzz", "400 Bad Request", "{\"message\":\"strconv.Atoi: parsing \\\"zzz\\\": invalid syntax\"}")]
    [InlineData("/number?n=99999999999999999999", "400 Bad Request", "value out of range")]
    [InlineData("/swarm", "503 Service Unavailable", "This node is not a swarm manager")]
    [InlineData("/nodes", "503 Service Unavailable", "This node is not a swarm manager")]
    [InlineData("/plugins", "200 OK", "[]")]
    [InlineData("/plugins/a/b/json", "404 Not Found", "plugin \\\"a/b\\\" not found")]
    public async Task Get(string path, string status, string body)
    {
        var answer = await SendAsync("GET", path);
        Assert.StartsWith("HTTP/1.1 " + status + "\r\n", answer, StringComparison.Ordinal);
        Assert.Contains(body, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ping_has_the_headers_clients_look_for()
    {
        var answer = await SendAsync("HEAD", "/_ping");
        foreach (var header in (string[])["Api-Version: 1.51", "Docker-Experimental: false", "Ostype: linux", "Server: Slipway/0.", "Builder-Version: 2", "Swarm: inactive", "Content-Length: 0"])
        {
            Assert.Contains("\r\n" + header, answer, StringComparison.Ordinal);
        }

        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NotFound", "404")]
    [InlineData("InvalidArgument", "400")]
    [InlineData("Conflict", "409")]
    [InlineData("Unauthorized", "401")]
    [InlineData("Forbidden", "403")]
    [InlineData("Unavailable", "503")]
    [InlineData("NotImplemented", "501")]
    [InlineData("Damaged", "500")]
    [InlineData("Internal", "500")]
    public async Task Kinds_become_status_codes(string kind, string status)
    {
        var answer = await SendAsync("POST", "/fail/" + kind);
        Assert.StartsWith("HTTP/1.1 " + status, answer, StringComparison.Ordinal);
        Assert.EndsWith("{\"message\":\"why\"}\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Not_modified_has_no_body() =>
        Assert.EndsWith("\r\n\r\n", await SendAsync("POST", "/fail/NotModified"), StringComparison.Ordinal);

    [Fact]
    public async Task A_bug_does_not_tell_its_insides()
    {
        var answer = await SendAsync("POST", "/fail/bug");
        Assert.StartsWith("HTTP/1.1 500", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json", "{\"Image\":\"busybox\"}", "201", "busybox")]
    [InlineData("application/json; charset=utf-8", "{\"image\":\"busybox\"}", "201", "busybox")]
    [InlineData("text/plain", "{\"Image\":\"busybox\"}", "400", "unsupported Content-Type header (text/plain): must be 'application/json'")]
    [InlineData("application/json", "", "400", "invalid JSON: got EOF while reading request body")]
    [InlineData("application/json", "{", "400", "invalid JSON: ")]
    [InlineData("application/json", "{} {}", "400", "invalid JSON: ")]
    [InlineData("application/json", "[]", "400", "invalid JSON: ")]
    [InlineData("application/json", "{\"Image\":3}", "400", "invalid JSON: ")]
    [InlineData("application/json", "{\"Image\":\"\\ud800\"}", "400", "invalid JSON: ")]
    [InlineData("application/json", "{\"StopTimeout\":99999999999999999999999999}", "400", "invalid JSON: ")]
    public async Task Bodies(string type, string body, string status, string text)
    {
        var answer = await SendAsync("POST", "/containers/create", $"Content-Type: {type}\r\n", body);
        Assert.StartsWith("HTTP/1.1 " + status, answer, StringComparison.Ordinal);
        Assert.Contains(text, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deep_json_is_refused()
    {
        var deep = "{\"Labels\":" + string.Concat(Enumerable.Repeat("{\"a\":", 5000)) + "1" + new string('}', 5001);
        Assert.StartsWith("HTTP/1.1 400", await SendAsync("POST", "/containers/create", "Content-Type: application/json\r\n", deep), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_100_MB_is_refused_before_it_is_sent()
    {
        await using var server = await TestServer.StartAsync(Map);
        using var socket = server.Connect();
        socket.Send(Encoding.ASCII.GetBytes("POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n{"));
        var buffer = new byte[4096];
        var read = socket.Receive(buffer);
        Assert.StartsWith("HTTP/1.1 413", Encoding.ASCII.GetString(buffer, 0, read), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endless_chunked_body_is_refused()
    {
        var chunk = "10000\r\n" + new string(' ', 0x10000) + "\r\n";
        var answer = await SendAsync("POST", "/containers/create", "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + string.Concat(Enumerable.Repeat(chunk, 200)) + "0\r\n");
        Assert.StartsWith("HTTP/1.1 413", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Malformed_requests_never_count_as_our_fault()
    {
        await using var server = await TestServer.StartAsync(Map);
        var random = new Random(20261121);
        string[] seeds =
        [
            "GET /v1.51/containers/x/json?all=1&filters={\"a\":{\"b\":true}} HTTP/1.1\r\nHost: d\r\n\r\n",
            "POST /v1.51/containers/create?name=x HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: 43\r\n\r\n{\"Image\":\"busybox\",\"Env\":[\"A=b\"],\"Tty\":null}",
            "POST /containers/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n3\r\n1}\n\r\n0\r\n\r\n",
            "GET /images/a%2fb%zz/json HTTP/1.1\r\nHost: d\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n",
        ];
        for (var i = 0; i < 500; i++)
        {
            var answer = server.Exchange(Mutate(seeds[i % seeds.Length], random), halfClose: true);
            Assert.DoesNotContain("HTTP/1.1 500", answer, StringComparison.Ordinal);
        }
    }

    private static string Mutate(string request, Random random)
    {
        var text = new StringBuilder(request);
        for (var n = random.Next(1, 6); n > 0; n--)
        {
            var at = random.Next(text.Length);
            _ = random.Next(4) switch
            {
                0 => text.Remove(at, 1),
                1 => text.Insert(at, (char)random.Next(256)),
                2 => text.Insert(at, new string("{}[]\"%&/:?0\r\n"[random.Next(13)], random.Next(1, 40))),
                _ => text.Replace(text[at], (char)random.Next(256), at, 1),
            };
        }

        return text.ToString();
    }
}
