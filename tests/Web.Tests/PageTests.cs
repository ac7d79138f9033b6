using System.Net;
using Microsoft.Playwright;

namespace Slipway.Web.Tests;

/// <summary>The pages in a headless browser.</summary>
public sealed class PageTests(WebRoom room) : IClassFixture<WebRoom>
{
    [Fact]
    public async Task Nobody_gets_in_without_the_password()
    {
        var page = await room.PageAsync();
        await page.GotoAsync($"{room.Address}/apps/{WebRoom.App}");
        Assert.Equal(room.Address + "/login", page.Url);
        await page.FillAsync("#password", "wrong");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("That is not the password.");
        await page.FillAsync("#password", room.Password);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Applications" })).ToBeVisibleAsync();
        var cookie = Assert.Single(await page.Context.CookiesAsync());
        Assert.True(cookie.HttpOnly);
        Assert.Equal(SameSiteAttribute.Strict, cookie.SameSite);
        await page.GetByRole(AriaRole.Button, new() { Name = "Log out" }).ClickAsync();
        await Assertions.Expect(page.Locator("#password")).ToBeVisibleAsync();
        await page.GotoAsync(room.Address + "/");
        Assert.Equal(room.Address + "/login", page.Url);
    }

    [Fact]
    public async Task An_application_is_deployed_with_the_keyboard_and_its_log_is_shown_while_it_grows()
    {
        var page = await room.LoggedInAsync();
        var complaints = new List<string>();
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                complaints.Add(message.Text);
            }
        };
        await TabToAsync(page, WebRoom.App);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = WebRoom.App, Level = 1 })).ToBeVisibleAsync();
        await TabToAsync(page, "Deploy");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#log")).ToContainTextAsync("Queued.");
        await Assertions.Expect(page.Locator("#state")).ToHaveTextAsync("failed");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#log")).ToContainTextAsync("Failed:");
        await page.GotoAsync($"{room.Address}/apps/{WebRoom.App}");
        await Assertions.Expect(page.Locator(".problem")).ToContainTextAsync("failed");
        Assert.Empty(complaints);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light, "rgb(246, 247, 249)")]
    [InlineData(390, ColorScheme.Light, "rgb(246, 247, 249)")]
    [InlineData(390, ColorScheme.Dark, "rgb(18, 21, 26)")]
    public async Task Pages_fit_and_have_the_colours_that_the_user_likes(int width, ColorScheme scheme, string ground)
    {
        var page = await room.LoggedInAsync(width, scheme);
        foreach (var path in (string[])["/", $"/apps/{WebRoom.App}", "/deployments/nosuch"])
        {
            await page.GotoAsync(room.Address + path);
            Assert.Equal(ground, await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor"));
            Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), path);
        }
    }

    [Fact]
    public async Task Forms_of_others_do_nothing()
    {
        var page = await room.LoggedInAsync();
        var cookie = Assert.Single(await page.Context.CookiesAsync());
        var key = await page.Locator("input[name=key]").First.GetAttributeAsync("value");
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(cookie.Value, "", null));
        Assert.Equal(HttpStatusCode.Forbidden, await PostAsync(cookie.Value, key!, "https://elsewhere.example"));
        Assert.Equal(HttpStatusCode.Unauthorized, await PostAsync("made-up", key!, null));
        Assert.Equal(HttpStatusCode.SeeOther, await PostAsync(cookie.Value, key!, room.Address));
    }

    [Fact]
    public async Task Pages_load_nothing_from_elsewhere_and_allow_no_scripts_in_the_text()
    {
        using var client = new HttpClient();
        var answer = await client.GetAsync(new Uri(room.Address + "/login"));
        var policy = string.Join(';', answer.Headers.GetValues("Content-Security-Policy"));
        Assert.Contains("default-src 'self'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("//", (await answer.Content.ReadAsStringAsync()).Replace("http://www.w3.org", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    private async Task<HttpStatusCode> PostAsync(string cookie, string key, string? origin)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false };
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{room.Address}/apps/{WebRoom.App}/deploy") { Content = new FormUrlEncodedContent([new("key", key)]) };
        request.Headers.Add("Cookie", "slipway=" + cookie);
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        return (await client.SendAsync(request)).StatusCode;
    }

    /// <summary>Presses Tab until what has the focus says this.</summary>
    private static async Task TabToAsync(IPage page, string text)
    {
        for (var presses = 0; presses < 30; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            if ((await page.EvaluateAsync<string>("document.activeElement.textContent.trim()")) == text)
            {
                return;
            }
        }

        Assert.Fail($"the keyboard does not reach \"{text}\"");
    }
}
