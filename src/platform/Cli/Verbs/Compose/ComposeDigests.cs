using Slipway.Client;
using Slipway.Compose.Files;
using Slipway.Compose.Model;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>Replaces the tags of images by the digests that their registries have.</summary>
internal static class ComposeDigests
{
    public static async Task<Project> ResolveAsync(EngineClient engine, Project project)
    {
        Mapping services = project.Document.Map("services")!.Copy();
        foreach (Service service in project.Services.Values.Where(s => s.Image is { } image && !image.Contains('@', StringComparison.Ordinal)))
        {
            string digest = (await engine.InspectDistributionAsync(service.Image!)).Descriptor.Digest;
            services.Set(service.Name, service.Map.Copy().Set("image", $"{service.Image}@{digest}", service.At));
        }

        return new Project(project.Name, project.Directory, project.Files, project.Document.Copy().Set("services", services)) { Enabled = project.Enabled, Variables = project.Variables };
    }
}
