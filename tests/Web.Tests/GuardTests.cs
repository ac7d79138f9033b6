using System.Net;

namespace Slipway.Web.Tests;

/// <summary>What comes from elsewhere, without a session or too often is refused (reliability check 74).</summary>
public sealed class GuardTests(WebRoom room) : IClassFixture<WebRoom>
{
    [Fact]
    public async Task Sessions_are_needed_everywhere_and_end()
    {
        foreach (var path in (string[])["/", "/apps/" + WebRoom.App, "/deployments/x", "/deployments/x/events"])
        {
            using var answer = await SendAsync(HttpMethod.Get, path);
            Assert.Equal((HttpStatusCode.SeeOther, "/login"), (answer.StatusCode, answer.Headers.Location!.ToString()));
        }

        foreach (var path in (string[])["/logout", $"/apps/{WebRoom.App}/deploy", $"/apps/{WebRoom.App}/redeploy", $"/apps/{WebRoom.App}/rollback/1", "/deployments/x/cancel"])
        {
            using var answer = await SendAsync(HttpMethod.Post, path, form: [("key", "x")]);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }

        using var login = await SendAsync(HttpMethod.Post, "/login", form: [("password", room.Password)]);
        var set = Assert.Single(login.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", set, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", set, StringComparison.OrdinalIgnoreCase);
        var cookie = set.Split(';')[0];
        var page = await (await SendAsync(HttpMethod.Get, "/", ("Cookie", cookie))).Content.ReadAsStringAsync();
        var key = page.Split("name=\"key\" value=\"")[1].Split('"')[0];
        using var logout = await SendAsync(HttpMethod.Post, "/logout", [("key", key)], ("Cookie", cookie));
        Assert.Equal(HttpStatusCode.SeeOther, logout.StatusCode);
        using var after = await SendAsync(HttpMethod.Get, "/", ("Cookie", cookie));
        Assert.Equal(HttpStatusCode.SeeOther, after.StatusCode);
    }

    [Fact]
    public async Task Other_sites_other_names_and_frames_are_refused()
    {
        using var crossed = await SendAsync(HttpMethod.Post, "/login", [("password", room.Password)], ("Origin", "https://elsewhere.example"));
        Assert.Equal(HttpStatusCode.Forbidden, crossed.StatusCode);
        Assert.False(crossed.Headers.Contains("Set-Cookie"));
        foreach (var path in (string[])["/login", "/api/v1/apps", "/health"])
        {
            using var foreign = await SendAsync(HttpMethod.Get, path, ("Host", "rebound.example"));
            Assert.Equal(HttpStatusCode.MisdirectedRequest, foreign.StatusCode);
        }

        using var page = await SendAsync(HttpMethod.Get, "/login");
        Assert.Equal("DENY", Assert.Single(page.Headers.GetValues("X-Frame-Options")));
        Assert.Equal("nosniff", Assert.Single(page.Headers.GetValues("X-Content-Type-Options")));
        Assert.Contains("frame-ancestors 'none'", Assert.Single(page.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.False(page.Headers.Contains("Access-Control-Allow-Origin"));
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers) => SendAsync(method, path, null, headers);

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, (string Name, string Value)[]? form, params (string Name, string Value)[] headers)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false };
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(method, room.Address + path);
        request.Content = form is null ? null : new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await client.SendAsync(request);
    }
}

/// <summary>Guessing passwords, on a server of its own, since it slows everybody down.</summary>
public sealed class GuessTests(WebRoom room) : IClassFixture<WebRoom>
{
    [Fact]
    public async Task Guessing_is_slowed_down_for_everybody()
    {
        using var client = new HttpClient();
        var answers = new List<HttpStatusCode>();
        for (var guess = 0; guess < 12; guess++)
        {
            using var form = new FormUrlEncodedContent([KeyValuePair.Create("password", "guess")]);
            answers.Add((await client.PostAsync(new Uri(room.Address + "/login"), form)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.Unauthorized, answers[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, answers[^1]);
    }
}
