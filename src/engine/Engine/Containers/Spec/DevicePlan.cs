using System.Globalization;
using System.Text.RegularExpressions;
using Slipway.DockerApi;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Containers.Spec;

/// <summary>Device nodes of a container and what its cgroup may do with devices. The runtime adds null, zero, full, random, urandom and tty itself.</summary>
/// <param name="Nodes">Nodes to make beside the runtime's own.</param>
/// <param name="Rules">Rules of the devices cgroup, later ones win.</param>
public sealed partial record DevicePlan(IReadOnlyList<DeviceSpec> Nodes, IReadOnlyList<DeviceRule> Rules)
{
    private const string Full = "rwm";

    // zero, null, urandom, random, tty, console are allowed; fuse (10:229) is not.
    private static readonly (long Major, long Minor, bool Allow)[] Fixed =
        [(1, 5, true), (1, 3, true), (1, 9, true), (1, 8, true), (5, 0, true), (5, 1, true), (10, 229, false)];

    /// <summary>Refuses what no machine could serve, without looking at devices.</summary>
    public static void Validate(HostConfig config)
    {
        foreach (var device in config.Devices ?? [])
        {
            if (device.CgroupPermissions.Length > 3 || device.CgroupPermissions.Any(c => !Full.Contains(c, StringComparison.Ordinal)))
            {
                throw EngineException.Invalid($"invalid device mode: {device.CgroupPermissions}");
            }
        }

        foreach (var rule in config.DeviceCgroupRules ?? [])
        {
            _ = ParseRule(rule);
        }

        foreach (var request in config.DeviceRequests ?? [])
        {
            var capabilities = string.Join(' ', (request.Capabilities ?? []).Select(all => $"[{string.Join(' ', all)}]"));
            throw EngineException.Invalid($"could not select device driver \"{request.Driver}\" with capabilities: [{capabilities}]");
        }
    }

    /// <summary>The plan of a container.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> when a device does not exist or is none.</exception>
    public static DevicePlan Build(HostConfig config)
    {
        if (config.Privileged)
        {
            var nodes = HostNodes("/dev").Concat((config.Devices ?? [])
                .Where(device => device.PathOnHost != Target(device)).SelectMany(device => Find(device).Select(found => found.Node)));
            return new DevicePlan([.. nodes], [new DeviceRule { Allow = true, Access = Full }]);
        }

        var found = (config.Devices ?? []).SelectMany(Find).ToList();
        return new DevicePlan(
            [.. found.Select(device => device.Node)],
            [
                new DeviceRule { Allow = false, Access = Full },
                .. Fixed.Select(rule => new DeviceRule { Allow = rule.Allow, Type = "c", Major = rule.Major, Minor = rule.Minor, Access = Full }),
                .. found.Select(device => device.Rule),
                .. (config.DeviceCgroupRules ?? []).Select(ParseRule),
            ]);
    }

    private static string Target(DeviceMapping device) => device.PathInContainer.Length > 0 ? device.PathInContainer : device.PathOnHost;

    private static IEnumerable<(DeviceSpec Node, DeviceRule Rule)> Find(DeviceMapping device)
    {
        var access = device.CgroupPermissions.Length > 0 ? device.CgroupPermissions : Full;
        var stat = FileStat.OfPath(device.PathOnHost)
            ?? throw Missing(device.PathOnHost, "no such file or directory");
        if (NodeOf(Target(device), stat) is { } node)
        {
            return [(node, RuleOf(node, access))];
        }

        var inside = stat.IsDirectory
            ? HostNodes(device.PathOnHost).Select(child => child with { Path = Target(device) + child.Path[device.PathOnHost.Length..] })
                .Select(child => (child, RuleOf(child, access))).ToList()
            : [];
        return inside.Count > 0 ? inside : throw Missing(device.PathOnHost, "not a device node");
    }

    // What a privileged container sees of the host's /dev; what it mounts itself is left out.
    private static IEnumerable<DeviceSpec> HostNodes(string directory)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(directory).Order(StringComparer.Ordinal))
        {
            if (FileStat.OfPath(path, followLast: false) is not { } stat)
            {
                continue;
            }

            if (stat.IsDirectory)
            {
                if (Path.GetFileName(path) is not ("pts" or "shm" or "fd" or "mqueue" or ".lxc" or ".lxd-mounts" or ".udev"))
                {
                    foreach (var below in HostNodes(path))
                    {
                        yield return below;
                    }
                }
            }
            else if (path != "/dev/console" && NodeOf(path, stat) is { } node)
            {
                yield return node;
            }
        }
    }

    private static DeviceSpec? NodeOf(string path, FileStat stat) => stat.IsBlockDevice || stat.IsCharacterDevice
        ? new DeviceSpec
        {
            Path = path, Type = stat.IsBlockDevice ? "b" : "c", Major = stat.Rdev.Major, Minor = stat.Rdev.Minor,
            FileMode = (uint)stat.Permissions & 0x1FF, Uid = stat.Uid, Gid = stat.Gid,
        }
        : null;

    private static DeviceRule RuleOf(DeviceSpec node, string access) =>
        new() { Allow = true, Type = node.Type, Major = node.Major, Minor = node.Minor, Access = access };

    private static DeviceRule ParseRule(string text)
    {
        var match = RulePattern().Match(text);
        return match.Success
            ? new DeviceRule { Allow = true, Type = match.Groups[1].Value, Major = Number(match.Groups[2].Value), Minor = Number(match.Groups[3].Value), Access = match.Groups[4].Value }
            : throw EngineException.Invalid($"invalid device cgroup rule format: '{text}'");

        // The kernel's wildcard is written -1.
        static long Number(string digits) => digits == "*" ? -1 : long.Parse(digits, CultureInfo.InvariantCulture);
    }

    private static EngineException Missing(string path, string why) =>
        EngineException.Invalid($"error gathering device information while adding custom device \"{path}\": {why}");

    [GeneratedRegex(@"^([acb]) ([0-9]{1,9}|\*):([0-9]{1,9}|\*) ([rwm]{1,3})\z")]
    private static partial Regex RulePattern();
}
