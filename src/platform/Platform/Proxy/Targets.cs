using Slipway.Client;
using Slipway.Platform.Engines;

namespace Slipway.Platform.Proxy;

/// <summary>
/// Says in a proxy which containers take an application's requests: one empty file per application, in a directory with its identity and with
/// the name <c>HOST:PORT</c>. Caddy looks for the newest at each request, so that a new one sends the next request elsewhere while everything
/// that runs goes on, and no document is loaded. The files are in the proxy's volume and outlive restarts of it.
/// </summary>
internal sealed class Targets(EngineClient engine, string container)
{
    private const string Root = "/config/targets";
    private const int MaxList = 4 * 1024 * 1024;

    /// <summary>The directory of an application's target, inside the proxy's container.</summary>
    internal static string DirectoryOf(string appId) => $"{Root}/{appId}";

    /// <summary>What is in force: targets by application. The newest one counts where there are several.</summary>
    internal async Task<IReadOnlyDictionary<string, IReadOnlyList<string>>> ListAsync(CancellationToken cancellation)
    {
        await RunAsync(["mkdir", "-p", Root], cancellation).ConfigureAwait(false);
        var text = await RunAsync(["find", Root, "-mindepth", "2", "-type", "f", "-printf", "%T@ %P\\n"], cancellation).ConfigureAwait(false);
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .OrderByDescending(line => double.Parse(line.AsSpan(0, line.IndexOf(' ', StringComparison.Ordinal)), System.Globalization.CultureInfo.InvariantCulture))
            .Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..].Split('/', 2))
            .GroupBy(parts => parts[0], StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => (IReadOnlyList<string>)[.. group.Select(parts => parts[1])], StringComparer.Ordinal);
    }

    /// <summary>Sends an application's requests to a target from the next one on.</summary>
    internal Task SetAsync(string appId, string target, CancellationToken cancellation) =>
        RunAsync(["install", "-D", "-m", "644", "/dev/null", $"{DirectoryOf(appId)}/{target}"], cancellation);

    /// <summary>Removes an application's targets but one; all of them for null: then it is stopped.</summary>
    internal Task RemoveOthersAsync(string appId, string? target, CancellationToken cancellation) =>
        RunAsync(target is null ? ["rm", "-rf", DirectoryOf(appId)] : ["find", DirectoryOf(appId), "-type", "f", "!", "-name", target, "-delete"], cancellation);

    private async Task<string> RunAsync(IReadOnlyList<string> command, CancellationToken cancellation)
    {
        try
        {
            var (code, output) = await ContainerCommand.RunAsync(engine, container, command, cancellation, MaxList).ConfigureAwait(false);
            return code == 0 ? output : throw new PlatformException(Refusal.Unavailable, $"the proxy's targets cannot be changed: {output.Trim()}");
        }
        catch (Exception e) when (e is EngineApiException or IOException)
        {
            throw new PlatformException(Refusal.Unavailable, $"the proxy's targets cannot be changed: {e.Message}", e);
        }
    }
}
