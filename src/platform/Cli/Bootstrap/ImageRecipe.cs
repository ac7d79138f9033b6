using System.Formats.Tar;
using System.Reflection;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Client;

namespace Slipway.Cli.Bootstrap;

/// <summary>
/// A base image that the engine builds from a Dockerfile of this repository (<c>images/</c>, held in this program) on top of the Debian image.
/// </summary>
/// <param name="name">Such as <c>nginx</c>.</param>
/// <param name="suite">The release of Debian to stand on.</param>
internal sealed class ImageRecipe(string name, string suite)
{
    private const string Folder = "images/";
    private readonly string _base = $"debian:{suite}-slim";

    /// <summary>Every recipe.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(file => file.StartsWith(Folder, StringComparison.Ordinal) && file.EndsWith("/Dockerfile", StringComparison.Ordinal))
            .Select(file => file[Folder.Length..^"/Dockerfile".Length]).Order(StringComparer.Ordinal),
    ];

    /// <summary>Name of the image unless told otherwise.</summary>
    public string Tag => $"slipway/{name}:{(suite == DebianImage.UsualSuite ? "latest" : suite)}";

    /// <summary>Whether the engine lacks the image that recipes stand on.</summary>
    public async Task<bool> LacksBaseAsync(Invocation call)
    {
        try
        {
            await using EngineResponse response = await call.Engine.RequestAsync("GET", ApiPath.Of($"/images/{_base}/json").ToString());
            return false;
        }
        catch (EngineApiException error) when (error.StatusCode == 404)
        {
            return true;
        }
    }

    /// <summary>Has the engine build it. Commands get this machine's network, which is what reaches the packages.</summary>
    /// <returns>The image's id.</returns>
    public async Task<string> BuildAsync(Invocation call, IReadOnlyList<string> tags, TextWriter? progress)
    {
        using MemoryStream context = await ContextAsync();
        ApiPath path = ApiPath.Of("/build").With("t", tags).With("networkmode", "host").With("version", "1").With("buildargs", $"{{\"BASE\":\"{_base}\"}}");
        string id = "";
        await using EngineResponse response = await call.Engine.UploadAsync("POST", path.ToString(), context);
        await ProgressDisplay.ShowAsync(response.Body, progress, ProgressDisplay.IsTerminal(2), aux => id = aux.Text("ID"));
        return id;
    }

    /// <summary>The recipe's files as the context of a build; always the same bytes.</summary>
    internal async Task<MemoryStream> ContextAsync()
    {
        MemoryStream context = new();
        await using (TarWriter tar = new(context, TarEntryFormat.Pax, leaveOpen: true))
        {
            string prefix = $"{Folder}{name}/";
            foreach (string file in Assembly.GetExecutingAssembly().GetManifestResourceNames()
                .Where(file => file.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
            {
                await using Stream content = Assembly.GetExecutingAssembly().GetManifestResourceStream(file)!;
                await tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, file[prefix.Length..])
                {
                    DataStream = content, ModificationTime = DateTimeOffset.UnixEpoch,
                    Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
                });
            }
        }

        context.Position = 0;
        return context;
    }
}
