using System.Globalization;
using Slipway.Compose;
using Slipway.Compose.Plan;
using Slipway.DockerApi;
using Slipway.Platform.Apps;
using Slipway.Platform.Engines;
using Slipway.Platform.Logs;
using Slipway.Platform.Model;
using Slipway.Platform.Secrets;
using Slipway.Platform.Settings;
using Slipway.Platform.Sources;
using Slipway.Platform.Store;

namespace Slipway.Platform.Builds;

/// <summary>Source with a Compose file to release: variables, images, and what the engine will be told of each service. Nothing runs yet.</summary>
public sealed class ComposeRelease(PlatformStore store, EnginePool engines, AppRoom apps, AppRepositories repositories, PulledImages pulls, ComposeReader reader, Variables variables, SecretBox secrets, ServerOptions options)
{
    private const int UsualPort = 3000;
    private readonly string _root = PrivateFile.Directory(Path.Combine(options.DataRoot, "staging"));

    /// <exception cref="PlatformException">The file asks for what there is not, or an image cannot be had.</exception>
    internal async Task<Release> RunAsync(ReleaseBuild builds, App app, Deployment deployment, SourceCommit source, string file, DeploymentLog log, CancellationToken cancellation)
    {
        var directory = Directory.CreateDirectory(Path.Combine(_root, Identity.New())).FullName;
        try
        {
            var tree = Directory.CreateDirectory(Path.Combine(directory, "source")).FullName;
            await repositories.CheckOutAsync(app, source.Tree, tree, cancellation).ConfigureAwait(false);
            var read = reader.Read(app, tree, file, source.Commit, warning => log.Write("Warning: " + warning.Replace(tree + "/", "", StringComparison.Ordinal)));
            app = Keep(app, read.Variables);
            log.Redaction = variables.RedactionOf(app);
            var server = store.Servers.Find(app.ServerId)!;
            var order = new ComposeOrder(app, deployment, server, source, tree, log) { Arguments = variables.Resolve(app, app.Variables, build: true) };
            return await ReleaseAsync(builds, order, read, cancellation).ConfigureAwait(false);
        }
        catch (ComposeException e)
        {
            throw ComposeReader.Wrap(e, Path.Combine(directory, "source"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task<Release> ReleaseAsync(ReleaseBuild builds, ComposeOrder order, ComposeSource read, CancellationToken cancellation)
    {
        var planner = new ServicePlanner(read.Project, order.App, order.Root);
        var images = new ComposeImages(builds, pulls, engines, repositories, planner, order);
        var planned = planner.Plan();
        var jobs = planned.SelectMany(one => one.Service.DependsOn).Where(need => need.Condition == "service_completed_successfully").Select(need => need.Service).ToHashSet(StringComparer.Ordinal);
        List<ReleaseService> services = [];
        Release? release = null;
        foreach (var one in planned)
        {
            var (name, image) = await images.OfAsync(one, cancellation).ConfigureAwait(false);
            var route = jobs.Contains(one.Service.Name) ? null : read.Routes.FirstOrDefault(route => route.Name == one.Service.Name);
            services.Add(ServiceOf(planner, order.App, one, name, image, route) with { Job = jobs.Contains(one.Service.Name) });
            release = release is null || route is { Main: true } ? builds.NewRelease(order.App, name, image) : release;
        }

        if (release is null)
        {
            throw new PlatformException(Refusal.Invalid, "the Compose file has no service that takes part");
        }

        apps.RefuseTaken(order.App with { Services = [.. services.Select(service => new AppService { Name = service.Name, Ports = service.Ports, Main = service.Main })] });
        Tell(order, services);
        return release with { Services = services, Port = services.FirstOrDefault(service => service.Main)?.Ports[0] ?? 0, Commit = order.Source.Commit, CommitMessage = order.Source.Message };
    }

    private ReleaseService ServiceOf(ServicePlanner planner, App app, PlannedService planned, string name, ImageInspect image, AppService? route)
    {
        var service = ServicePlanner.Essential(planned.Service);
        var spec = planner.SpecOf(planned.Service, new ImageFacts(name, image.Id, [.. image.Config?.Volumes?.Keys ?? []]), route is not null);
        if (route is not null && planned.Service.NetworkKeys.Count == 0)
        {
            throw new PlatformException(Refusal.Invalid, $"service {service.Name} has an address, so it needs a network");
        }

        return new ReleaseService
        {
            Name = service.Name,
            Image = name,
            ImageId = image.Id,
            Fingerprint = ServicePlanner.FingerprintOf(service, spec, image.Id, route is not null),
            SealedSpec = spec.Seal(secrets),
            Needs = [.. planned.Service.DependsOn.Select(need => new ServiceNeed(need.Service, need.Condition, need.Restart))],
            Replicas = (int)Rules.Between(app.Run.Processes.TryGetValue(service.Name, out var number) ? number : planned.Service.Scale, 0, 100, $"the number of containers of {service.Name}"),
            Ports = route is null ? [] : [.. route.Ports.Select(port => port > 0 ? port : ExposedBy(image)).Distinct()],
            Main = route is { Main: true },
            InPlace = ServicePlanner.IsInPlace(planned.Service, route is not null) || spec.Request.HostConfig!.Mounts?.Any(mount => mount is { Type: "volume", ReadOnly: false }) == true,
            MayEnd = ServicePlanner.MayEnd(spec),
        };
    }

    private static int ExposedBy(ImageInspect image) =>
        image.Config?.ExposedPorts?.Keys.Where(port => port.EndsWith("/tcp", StringComparison.Ordinal)).Select(port => int.Parse(port.AsSpan(0, port.Length - 4), CultureInfo.InvariantCulture)).Order().FirstOrDefault() is > 0 and var port ? port : UsualPort;

    private static void Tell(ComposeOrder order, List<ReleaseService> services)
    {
        order.Log.Write($"Services: {string.Join(", ", services.Select(service => service.Name + (service.Ports.Count > 0 ? string.Create(CultureInfo.InvariantCulture, $" (port {string.Join(", ", service.Ports)})") : service.Job ? " (runs once)" : "")))}.");
        if (!services.Any(service => service.Main))
        {
            order.Log.Write("No service has an address: write SERVICE_URL_NAME_PORT into its environment, or expose a port.");
        }
    }

    // What the file made necessary is the application's from now on; what users have set is theirs.
    private App Keep(App app, IReadOnlyList<Variable> all)
    {
        var made = all.Where(variable => variable.Generated).ToDictionary(variable => variable.Key, StringComparer.Ordinal);
        return made.Values.All(app.Variables.Contains) ? app : store.Update(app.Id, present =>
        {
            var theirs = present.Variables.Where(variable => !variable.Generated || !made.ContainsKey(variable.Key)).ToList();
            return present with { Variables = [.. theirs, .. made.Values.Where(variable => theirs.All(other => other.Key != variable.Key))] };
        });
    }
}
