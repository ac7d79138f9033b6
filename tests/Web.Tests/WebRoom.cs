using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.Playwright;

namespace Slipway.Web.Tests;

/// <summary>A slipway-server of its own, with an application whose engine does not answer, and a headless browser.</summary>
public sealed class WebRoom : IAsyncLifetime
{
    internal const string App = "hello";

    private static readonly string[] s_browserOptions = ["--no-sandbox", "--disable-gpu"];

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("slipway-web-");
    private Process? _server;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>The server's program: beside the daemon's (<c>$SLIPWAY_OUT</c>), or where the build leaves it.</summary>
    private static string Program
    {
        get
        {
            var output = Environment.GetEnvironmentVariable("SLIPWAY_OUT");
            var beside = output is null ? "" : Path.Combine(output, "slipway-server");
            return File.Exists(beside) ? beside : Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../Platform", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "slipway-server"));
        }
    }

    internal string Address { get; private set; } = "";

    internal string Password => File.ReadAllText(Path.Combine(_root.FullName, "password")).Trim();

    public async Task InitializeAsync()
    {
        Address = $"http://127.0.0.1:{FreePort()}";
        var start = new ProcessStartInfo(Program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var word in (string[])["--data-root", _root.FullName, "--listen", Address["http://".Length..], "--engine", $"unix://{_root.FullName}/no.sock", "--http-port", "127.0.0.1:1"])
        {
            start.ArgumentList.Add(word);
        }

        _server = Process.Start(start) ?? throw new InvalidOperationException("slipway-server does not start");
        _server.OutputDataReceived += static (_, _) => { };
        _server.BeginOutputReadLine();
        await AwaitAsync();
        await MakeAppAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = "/usr/bin/chromium", Args = s_browserOptions });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        if (_server is { HasExited: false })
        {
            _server.Kill(entireProcessTree: true);
            await _server.WaitForExitAsync();
        }

        _server?.Dispose();
        _root.Delete(recursive: true);
    }

    /// <summary>A window of a browser that knows nothing yet.</summary>
    internal async Task<IPage> PageAsync(int width = 1280, ColorScheme scheme = ColorScheme.Light)
    {
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = width, Height = 800 }, ColorScheme = scheme });
        context.SetDefaultTimeout(20_000);
        Assertions.SetDefaultExpectTimeout(20_000);
        return await context.NewPageAsync();
    }

    /// <summary>A window whose user has logged in, with the keyboard.</summary>
    internal async Task<IPage> LoggedInAsync(int width = 1280, ColorScheme scheme = ColorScheme.Light)
    {
        var page = await PageAsync(width, scheme);
        await page.GotoAsync(Address + "/login");
        // What is typed before the browser has moved the focus there is lost.
        await Assertions.Expect(page.Locator("#password")).ToBeFocusedAsync();
        await page.Keyboard.TypeAsync(Password);
        await Assertions.Expect(page.Locator("#password")).ToHaveValueAsync(Password);
        await page.Keyboard.PressAsync("Enter");
        // Asked in the browser: WaitForURLAsync looks at the address and only then listens, so that a page that arrives in between is waited for in vain.
        await page.WaitForFunctionAsync("location.pathname === '/' && document.readyState === 'complete'");
        return page;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task AwaitAsync()
    {
        using var client = new HttpClient();
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                (await client.GetAsync(new Uri(Address + "/health"))).EnsureSuccessStatusCode();
                return;
            }
            catch (HttpRequestException) when (attempt < 300 && _server is { HasExited: false })
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
            }
        }
    }

    private async Task MakeAppAsync()
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(_root.FullName, "token"))).Trim());
        using var body = new StringContent($$$"""{"name":"{{{App}}}","source":{"kind":"image","image":"busybox"}}""", Encoding.UTF8, "application/json");
        (await client.PostAsync(new Uri(Address + "/api/v1/apps"), body)).EnsureSuccessStatusCode();
    }
}
