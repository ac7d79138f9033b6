using System.Globalization;
using Slipway.Client;
using Slipway.Compose.Files;
using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;

namespace Slipway.Compose.Actions;

/// <summary>Gets the image of a service: what the engine has, what a registry has, or what is built.</summary>
/// <param name="Pull">Pulls an image by its name; the platform may be null.</param>
/// <param name="Build">Builds a service's image under a name.</param>
public sealed record ImageSources(Func<string, string?, CancellationToken, Task> Pull, Func<Project, Service, string, CancellationToken, Task> Build);

/// <summary>Images of services.</summary>
public static class Images
{
    /// <summary>The name of a service's image; what is built without a name has the project's and the service's.</summary>
    public static string Name(Project project, Service service) => service.Image ?? $"{project.Name}{project.Separator}{service.Name}";

    /// <summary>What the engine has of every service's image, after it was pulled or built where that is due.</summary>
    /// <param name="work">The engine.</param>
    /// <param name="project">The project.</param>
    /// <param name="services">Services whose images are needed.</param>
    /// <param name="sources">Where images come from.</param>
    /// <param name="policy">Overrides <c>pull_policy</c>; empty for each service's own.</param>
    /// <param name="build">True builds all that can be built, false nothing, null what is missing.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<IReadOnlyDictionary<string, ImageFacts>> EnsureAsync(
        Work work, Project project, IReadOnlyList<Service> services, ImageSources sources, string policy, bool? build, CancellationToken cancellation)
    {
        Dictionary<string, Task<ImageFacts>> byName = new(StringComparer.Ordinal);
        foreach (Service service in services.OrderBy(s => s.Build is null))
        {
            string name = Name(project, service);
            if (!byName.ContainsKey(name))
            {
                byName[name] = OneAsync(work, project, service, name, sources, policy.Length > 0 ? policy : service.PullPolicy == "refresh" ? "every_" + (service.Map.Text("pull_refresh_after") ?? "24h") : service.PullPolicy, build, cancellation);
            }
        }

        await Task.WhenAll(byName.Values).ConfigureAwait(false);
        return services.ToDictionary(s => s.Name, s => byName[Name(project, s)].Result, StringComparer.Ordinal);
    }

    private static async Task<ImageFacts> OneAsync(
        Work work, Project project, Service service, string name, ImageSources sources, string policy, bool? build, CancellationToken cancellation)
    {
        ImageFacts? present = await FindAsync(work.Engine, name, cancellation).ConfigureAwait(false);
        bool builds = service.Build is not null && (build == true || (build is null && (policy == "build" || (present is null && policy is not "always"))));
        bool pulls = !builds && policy is not ("never" or "build") && (present is null || policy == "always" || IsOld(policy, present, work.Time.GetUtcNow()));
        if (builds)
        {
            await work.DoAsync("Image", name, "Building", "Built", () => sources.Build(project, service, name, cancellation)).ConfigureAwait(false);
        }
        else if (pulls)
        {
            await PullAsync(work, project, service, name, sources, present is not null || (service.Build is not null && build is null), cancellation).ConfigureAwait(false);
        }
        else if (present is not null)
        {
            return present;
        }

        return await FindAsync(work.Engine, name, cancellation).ConfigureAwait(false)
            ?? (work.DryRun ? new ImageFacts(name, "", []) : throw new ComposeException($"No such image: {name}"));
    }

    private static async Task PullAsync(Work work, Project project, Service service, string name, ImageSources sources, bool hasOther, CancellationToken cancellation)
    {
        try
        {
            await work.DoAsync("Image", name, "Pulling", "Pulled", () => sources.Pull(name, service.Platform, cancellation)).ConfigureAwait(false);
        }
        catch (ComposeException e) when (hasOther && e.Cause == FailureCause.Pull && service.Build is not null)
        {
            await work.DoAsync("Image", name, "Building", "Built", () => sources.Build(project, service, name, cancellation)).ConfigureAwait(false);
        }
    }

    // Since an image was pulled or named is how long it has been as it is.
    private static bool IsOld(string policy, ImageFacts image, DateTimeOffset now)
    {
        string? age = policy switch { "daily" => "24h", "weekly" => "168h", _ when policy.StartsWith("every_", StringComparison.Ordinal) => policy["every_".Length..], _ => null };
        return age is not null && (image.Tagged is not { } tagged || (now - tagged).TotalMicroseconds > Duration.Nanoseconds(age) / 1000d);
    }

    /// <summary>What the engine has of an image; null for nothing.</summary>
    public static async Task<ImageFacts?> FindAsync(EngineClient engine, string name, CancellationToken cancellation)
    {
        try
        {
            ImageInspect image = await engine.InspectImageAsync(name, cancellation: cancellation).ConfigureAwait(false);
            return new ImageFacts(name, image.Id, [.. image.Config?.Volumes?.Keys ?? []])
            {
                Tagged = DateTimeOffset.TryParse(image.Metadata?.LastTagTime, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset tagged) ? tagged : null,
            };
        }
        catch (EngineApiException e) when (e.StatusCode == 404)
        {
            return null;
        }
    }
}
