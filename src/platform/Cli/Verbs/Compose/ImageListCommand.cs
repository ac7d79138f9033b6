using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;

namespace Slipway.Cli.Verbs.Compose;

/// <summary><c>compose images</c>.</summary>
internal static class ImageListCommand
{
    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["ContainerName"] = "CONTAINER", ["Repository"] = "REPOSITORY", ["Tag"] = "TAG", ["ID"] = "IMAGE ID", ["Size"] = "SIZE",
    };

    private sealed record Used(string Container, string Repository, string Tag, string Id, long Size);

    public static ComposeEntry Entry() => new(
        ["images"], "List the images of containers", "[SERVICE...]", new FlagTable().Format().Bool("quiet", 'q', "Only show ids"),
        async compose =>
        {
            List<Used> images = await ImagesAsync(compose);
            string format = compose.Flags.String("format");
            await compose.Out.WriteAsync(compose.Flags.Bool("quiet") ? string.Concat(images.Select(i => i.Id[(i.Id.IndexOf(':', StringComparison.Ordinal) + 1)..] + "\n").Distinct())
                : format == "json" ? Json(images) + "\n"
                : new Listing("{{.ContainerName}}\t{{.Repository}}\t{{.Tag}}\t{{.ID}}\t{{.Size}}", s_headers).Print(format, images.Select(Row)));
            return 0;
        });

    private static async Task<List<Used>> ImagesAsync(ComposeCall compose)
    {
        Project project = await compose.LoadOrFindAsync();
        HashSet<string> services = [.. compose.Services(project)];
        List<Used> images = [];
        foreach (ObservedContainer container in (await Observed.OfAsync(compose.Engine, project.Name)).Containers
            .Where(c => services.Contains(c.Service) || compose.Arguments.Count == 0).OrderBy(c => c.Name, StringComparer.Ordinal))
        {
            ImageInspect image = await compose.Engine.InspectImageAsync(container.Summary.ImageID);
            string name = container.Summary.Image.StartsWith("sha256:", StringComparison.Ordinal) && image.RepoTags.Count > 0 ? image.RepoTags[0] : container.Summary.Image;
            (string repository, string tag) = ImageName.Split(name);
            images.Add(new Used(container.Name, repository, tag.Length > 0 ? tag : "latest", image.Id, image.Size));
        }

        return images;
    }

    private static Row Row(Used image) => new Row().Field("ContainerName", image.Container).Field("Repository", image.Repository).Field("Tag", image.Tag)
        .Field("ID", Units.ShortId(image.Id)).Field("Size", Units.Size(image.Size));

    private static string Json(IEnumerable<Used> images) => new JsonArray([.. images.Select(i => (JsonNode)new JsonObject
    {
        ["ID"] = i.Id, ["ContainerName"] = i.Container, ["Repository"] = i.Repository, ["Tag"] = i.Tag, ["Size"] = i.Size,
    })]).ToJsonString();
}
