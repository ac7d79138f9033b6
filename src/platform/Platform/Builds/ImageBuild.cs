using System.Globalization;
using System.IO.Pipelines;
using System.Text.Json;
using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Packs;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Settings;
using Slipway.Platform.Sources;

namespace Slipway.Platform.Builds;

/// <summary>Has an engine build an image of a plan and a tree.</summary>
public sealed class ImageBuild(AppRepositories repositories, ServerOptions options)
{
    private const string DockerfileName = ".slipway.Dockerfile";
    private const int KeptLines = 30;
    private readonly string _root = Secrets.PrivateFile.Directory(Path.Combine(options.DataRoot, "staging"));

    /// <exception cref="PlatformException">The build failed; the message begins with the failing command.</exception>
    internal async Task RunAsync(EngineClient engine, Server server, ImageOrder order, DeploymentLog log, CancellationToken cancellation)
    {
        await CheckBaseAsync(engine, server, order.Plan, cancellation).ConfigureAwait(false);
        var directory = Directory.CreateDirectory(Path.Combine(_root, Identity.New())).FullName;
        try
        {
            List<string> added = [await WriteAsync(directory, DockerfileName, order.Plan.Dockerfile, cancellation).ConfigureAwait(false)];
            if (order.Plan.Ignore is { } ignore)
            {
                added.Add(await WriteAsync(directory, DockerfileName + ".dockerignore", ignore, cancellation).ConfigureAwait(false));
            }

            if (order.Source is not null)
            {
                await repositories.ArchiveAsync(order.App, order.Source.Tree, added, tar => SendAsync(engine, server, order, tar, log, cancellation), cancellation).ConfigureAwait(false);
            }
            else
            {
                var tar = Pack(added);
                await using (tar.ConfigureAwait(false))
                {
                    await SendAsync(engine, server, order, tar, log, cancellation).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    // Base images of ours are in no registry: they are made on the server.
    private static async Task CheckBaseAsync(EngineClient engine, Server server, BuildPlan plan, CancellationToken cancellation)
    {
        foreach (var image in plan.BaseImages.Where(image => image.StartsWith("slipway/", StringComparison.Ordinal)).Distinct())
        {
            if (await ReleaseBuild.FindAsync(engine, image, cancellation).ConfigureAwait(false) is null)
            {
                throw Lacks(server, image);
            }
        }
    }

    /// <summary>Says how an image of ours is made that no registry has.</summary>
    internal static PlatformException Lacks(Server server, string image) =>
        new(Refusal.Invalid, $"server {server.Name} lacks the base image {image}; make it there: slipway image bootstrap {image["slipway/".Length..].Replace(":latest", "", StringComparison.Ordinal)}");

    private static async Task<string> WriteAsync(string directory, string name, string text, CancellationToken cancellation)
    {
        var path = Path.Combine(directory, name);
        await File.WriteAllTextAsync(path, text, cancellation).ConfigureAwait(false);
        return path;
    }

    private static Stream Pack(IEnumerable<string> files)
    {
        var pipe = new Pipe();
        _ = Task.Run(async () =>
        {
            var writer = new System.Formats.Tar.TarWriter(pipe.Writer.AsStream(leaveOpen: true), leaveOpen: false);
            foreach (var file in files)
            {
                await writer.WriteEntryAsync(file, Path.GetFileName(file)).ConfigureAwait(false);
            }

            await writer.DisposeAsync().ConfigureAwait(false);
            await pipe.Writer.CompleteAsync().ConfigureAwait(false);
        });
        return pipe.Reader.AsStream();
    }

    private static async Task SendAsync(EngineClient engine, Server server, ImageOrder order, Stream tar, DeploymentLog log, CancellationToken cancellation)
    {
        var response = await engine.UploadAsync("POST", PathOf(server, order), tar, cancellation: cancellation).ConfigureAwait(false);
        await using (response.ConfigureAwait(false))
        {
            await FollowAsync(response.Body, log, cancellation).ConfigureAwait(false);
        }
    }

    private static string PathOf(Server server, ImageOrder order)
    {
        List<(string Name, string Value)> query =
        [
            ("t", order.Image), ("dockerfile", DockerfileName), ("rm", "1"), ("forcerm", "1"), ("version", "1"), ("networkmode", order.HostNetwork ? "host" : "default"),
            ("buildargs", Json(order.Arguments)), ("labels", Json(order.Labels)), ("nocache", order.NoCache ? "1" : "0"),
        ];
        if (order.Plan.Target is { } target)
        {
            query.Add(("target", target));
        }

        if (server.BuildMemory > 0)
        {
            query.Add(("memory", server.BuildMemory.ToString(CultureInfo.InvariantCulture)));
            query.Add(("memswap", server.BuildMemory.ToString(CultureInfo.InvariantCulture)));
        }

        if (server.BuildCpus > 0)
        {
            query.Add(("cpuperiod", "100000"));
            query.Add(("cpuquota", ((long)(server.BuildCpus * 100_000)).ToString(CultureInfo.InvariantCulture)));
        }

        return "/build?" + string.Join('&', query.Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value)}"));
    }

    private static string Json(IReadOnlyDictionary<string, string> map) => JsonSerializer.Serialize(map.ToDictionary(), Api.ApiJson.Default.DictionaryStringString);

    // The last step that began is the one that failed: it leads the message, its output follows.
    private static async Task FollowAsync(Stream body, DeploymentLog log, CancellationToken cancellation)
    {
        var (step, tail) = ("", new Queue<string>());
        using var reader = new StreamReader(body);
        while (await reader.ReadLineAsync(cancellation).ConfigureAwait(false) is { } line)
        {
            if (line.Length == 0)
            {
                continue;
            }

            var message = JsonSerializer.Deserialize(line, DockerJson.Default.JsonMessage)!;
            if (message.Error is { } error)
            {
                throw new PlatformException(Refusal.Invalid, $"{(step.Length > 0 ? $"the build failed at \"{step}\": " : "the build failed: ")}{error.Trim()}"
                    + (tail.Count > 0 ? "\n" + string.Join('\n', tail) : "")
                    + (BuildDiagnosis.Of(error + "\n" + string.Join('\n', tail)) is { } advice ? "\n" + advice : ""));
            }

            foreach (var text in (message.Stream ?? message.Status ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                if (text.StartsWith("Step ", StringComparison.Ordinal) && text.IndexOf(" : ", StringComparison.Ordinal) is > 0 and var colon)
                {
                    step = text[(colon + 3)..];
                    tail.Clear();
                }
                else if (!text.StartsWith(" ---> ", StringComparison.Ordinal))
                {
                    tail.Enqueue(text);
                    _ = tail.Count > KeptLines ? tail.Dequeue() : null;
                }

                log.Write(text);
            }
        }
    }
}

/// <summary>One image to build.</summary>
/// <param name="App">For which application.</param>
/// <param name="Plan">How.</param>
/// <param name="Source">Of what; null for no context.</param>
/// <param name="Image">Name of the result.</param>
internal sealed record ImageOrder(App App, BuildPlan Plan, SourceCommit? Source, string Image)
{
    /// <summary>Build arguments.</summary>
    public IReadOnlyDictionary<string, string> Arguments { get; init; } = new Dictionary<string, string>();

    /// <summary>Labels of the image.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether steps run again although their results are known.</summary>
    public bool NoCache { get; init; }

    /// <summary>Whether commands get the server's network, which is how they reach packages where bridges lead nowhere.</summary>
    public bool HostNetwork { get; init; } = true;
}
