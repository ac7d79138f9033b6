using System.Runtime.InteropServices;
using Slipway.Api.Routing;
using Slipway.Api.Versions;
using Slipway.Build;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Images;
using Slipway.Engine.Info;
using Slipway.Oci;

namespace Slipway.Api;

/// <summary>The engine as a whole: version, facts, disk use.</summary>
/// <param name="engine">The engine.</param>
/// <param name="builder">Its builder.</param>
/// <param name="debug">Whether the daemon logs at debug level now.</param>
public sealed class SystemEndpoints(SlipwayEngine engine, Builder builder, Func<bool> debug)
{
    private readonly DescribeEngine _describe = new(() => engine.Options, engine.Paths, engine.Containers, () => engine.Images.All.Count, engine.Host, engine.Events, engine.Time);

    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Get("/version", call => call.JsonAsync(Version(), DockerJson.Wire.SystemVersion));
        routes.Get("/info", call => call.JsonAsync(_describe.Run(CommonHeaders.ProductVersion, debug()), DockerJson.Wire.SystemInfo));
        routes.Get("/system/df", DiskUsageAsync);
    }

    private static SystemVersion Version()
    {
        var kernel = Linux.SystemInfo.KernelRelease;
        var architecture = Platform.Host.Architecture;
        return new SystemVersion
        {
            Platform = new PlatformName { Name = "Slipway Engine" },
            Components =
            [
                new ComponentVersion
                {
                    Name = "Engine",
                    Version = CommonHeaders.ProductVersion,
                    Details = new Dictionary<string, string>
                    {
                        ["ApiVersion"] = ApiVersion.Newest.ToString(),
                        ["MinAPIVersion"] = ApiVersion.Oldest.ToString(),
                        ["Os"] = "linux",
                        ["Arch"] = architecture,
                        ["KernelVersion"] = kernel,
                        ["Experimental"] = "false",
                        ["Runtime"] = RuntimeInformation.FrameworkDescription,
                    },
                },
            ],
            Version = CommonHeaders.ProductVersion,
            ApiVersion = ApiVersion.Newest.ToString(),
            MinAPIVersion = ApiVersion.Oldest.ToString(),
            Os = "linux",
            Arch = architecture,
            KernelVersion = kernel,
        };
    }

    private async Task DiskUsageAsync(ApiCall call)
    {
        var types = call.Query.All("type");
        if (types.FirstOrDefault(t => t is not ("container" or "image" or "volume" or "build-cache")) is { } unknown)
        {
            throw EngineException.Invalid($"unknown object type: {unknown}");
        }

        bool Wanted(string type) => types.Count == 0 || types.Contains(type);
        var usage = new SystemDataUsage();
        if (Wanted("image"))
        {
            var request = new ImageListRequest(All: true, Filters.None, SharedSize: true, Manifests: false);
            usage = usage with { Images = ImageEndpoints.For(call.Version, engine.ListImages.Run(request)), LayersSize = engine.ListImages.LayersSize };
        }

        if (Wanted("container"))
        {
            usage = usage with { Containers = engine.ListContainers.Run(all: true, limit: 0, size: true, Filters.None) };
        }

        if (Wanted("volume"))
        {
            usage = usage with { Volumes = await engine.ListVolumes.WithUsageAsync(call.Aborted) };
        }

        if (Wanted("build-cache"))
        {
            usage = usage with { BuildCache = builder.ListCache.Run() };
        }

        await call.JsonAsync(usage, DockerJson.Wire.SystemDataUsage);
    }
}
