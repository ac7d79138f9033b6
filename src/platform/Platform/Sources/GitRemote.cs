using System.Globalization;
using System.Text;
using Slipway.Client;
using Slipway.Platform.Access;
using Slipway.Platform.Deploys;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;

namespace Slipway.Platform.Sources;

/// <summary>
/// The platform's own git remote, git's smart HTTP protocol (gitprotocol-http(5)): a push to the application's branch deploys it, and the
/// one who pushes reads along.
/// </summary>
public sealed class GitRemote(AppRepositories repositories, DeployQueue queue, DeploymentLogs logs)
{
    private const int MaxAnswer = 4 * 1024 * 1024;
    private const int MaxHead = 64 * 1024;
    private static readonly byte[] s_flush = "0000"u8.ToArray();

    /// <summary>Answers what refs there are.</summary>
    internal async Task AdvertiseAsync(App app, string service, Stream output, CancellationToken cancellation)
    {
        var path = await repositories.PathOfAsync(app, cancellation).ConfigureAwait(false);
        await output.WriteAsync(Packet($"# service=git-{service}\n"), cancellation).ConfigureAwait(false);
        await output.WriteAsync(s_flush, cancellation).ConfigureAwait(false);
        await repositories.Git().ReadAsync(stream => stream.CopyToAsync(output, cancellation), cancellation, service, "--stateless-rpc", "--advertise-refs", path).ConfigureAwait(false);
    }

    /// <summary>Answers a clone or a fetch.</summary>
    internal async Task UploadPackAsync(App app, Stream input, Stream output, CancellationToken cancellation)
    {
        var path = await repositories.PathOfAsync(app, cancellation).ConfigureAwait(false);
        await repositories.Git().ServeAsync(input, output, cancellation, "upload-pack", "--stateless-rpc", path).ConfigureAwait(false);
    }

    /// <summary>Takes a push, deploys what it brought, and tells the pusher how that goes.</summary>
    internal async Task ReceivePackAsync(Caller caller, App app, Stream input, Stream output, CancellationToken cancellation)
    {
        var path = await repositories.PathOfAsync(app, cancellation).ConfigureAwait(false);
        var before = await TipAsync(app, path, cancellation).ConfigureAwait(false);
        var head = await HeadAsync(input, cancellation).ConfigureAwait(false);
        var sideband = Encoding.UTF8.GetString(head).Contains("side-band-64k", StringComparison.Ordinal);
        using var answer = new Engines.BoundedOutput(MaxAnswer);
        var joined = new PrefixedStream(head, input);
        await using (joined.ConfigureAwait(false))
        {
            await repositories.Git().ServeAsync(joined, answer, cancellation, "receive-pack", "--stateless-rpc", path).ConfigureAwait(false);
        }

        var after = await TipAsync(app, path, cancellation).ConfigureAwait(false);
        var bytes = answer.GetBuffer().AsMemory(0, (int)answer.Length);
        var tells = sideband && bytes.Span.EndsWith(s_flush);
        await output.WriteAsync(tells ? bytes[..^s_flush.Length] : bytes, cancellation).ConfigureAwait(false);
        await output.FlushAsync(cancellation).ConfigureAwait(false);
        await TellAsync(caller, app, before, after, tells ? output : Stream.Null, cancellation).ConfigureAwait(false);
        await output.WriteAsync(tells ? s_flush : ReadOnlyMemory<byte>.Empty, cancellation).ConfigureAwait(false);
    }

    private async Task TellAsync(Caller caller, App app, string? before, string? after, Stream output, CancellationToken cancellation)
    {
        if (after is null || after == before)
        {
            await SayAsync(output, after is null ? $"Nothing is deployed: the branch {app.Source.Branch} is not there." : $"Nothing is deployed: the branch {app.Source.Branch} did not move.", cancellation).ConfigureAwait(false);
            return;
        }

        if (!app.Source.AutoDeploy)
        {
            await SayAsync(output, "Pushes do not deploy this application (automatic deployment is off).", cancellation).ConfigureAwait(false);
            return;
        }

        if (before is not null && await repositories.ChangesAsync(app, before, after, cancellation).ConfigureAwait(false) is { } changes && !WatchPaths.Match(app.Source.WatchPaths, changes))
        {
            await SayAsync(output, "Changed files do not match watch paths. Ignoring deployment.", cancellation).ConfigureAwait(false);
            return;
        }

        var deployment = queue.Enqueue(caller, new DeployRequest(app, DeploymentKind.Deploy) { Trigger = "push" });
        await foreach (var line in logs.ReadAsync(deployment.Id, follow: output != Stream.Null, cancellation).ConfigureAwait(false))
        {
            await SayAsync(output, line.Text, cancellation).ConfigureAwait(false);
        }
    }

    private async Task<string?> TipAsync(App app, string path, CancellationToken cancellation)
    {
        try
        {
            return (await repositories.Git().RunAsync(cancellation, "-C", path, "rev-parse", "--verify", "--quiet", $"refs/heads/{app.Source.Branch}").ConfigureAwait(false)).Trim();
        }
        catch (PlatformException)
        {
            return null;
        }
    }

    // The first packet has the capabilities of the client.
    private static async Task<byte[]> HeadAsync(Stream input, CancellationToken cancellation)
    {
        var length = new byte[4];
        await input.ReadExactlyAsync(length, cancellation).ConfigureAwait(false);
        if (!int.TryParse(length, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var count) || count is < 0 or > MaxHead)
        {
            throw new PlatformException(Refusal.Invalid, "that is not git's protocol");
        }

        var head = new byte[Math.Max(count, 4)];
        length.CopyTo(head, 0);
        await input.ReadExactlyAsync(head.AsMemory(4), cancellation).ConfigureAwait(false);
        return head;
    }

    // Band 2 of the side band is text for the person at the other end.
    private static async Task SayAsync(Stream output, string text, CancellationToken cancellation)
    {
        foreach (var piece in text.Chunk(900))
        {
            await output.WriteAsync(Packet("\u0002" + new string(piece) + "\n"), cancellation).ConfigureAwait(false);
        }

        await output.FlushAsync(cancellation).ConfigureAwait(false);
    }

    private static byte[] Packet(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return [.. Encoding.ASCII.GetBytes((bytes.Length + 4).ToString("x4", CultureInfo.InvariantCulture)), .. bytes];
    }
}
