using System.Net;
using System.Text;
using Slipway.Engine.Networks;
using Slipway.Engine.Networks.Names;

namespace Slipway.Engine.Containers.Tasks;

/// <summary>The files that the engine provides in a container's <c>/etc</c>: <c>hosts</c>, <c>hostname</c> and <c>resolv.conf</c>.</summary>
internal sealed class EtcFiles(EnginePaths paths, EngineOptions options, ContainerTable containers)
{
    private const int MaxHostFile = 1 << 20;
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const string Local = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n";

    /// <summary>Path of a container's own copy of one of the files.</summary>
    internal string PathOf(string id, string name) => Path.Combine(paths.Container(id), name);

    /// <summary>Writes the files anew for a run.</summary>
    internal void Write(ContainerRecord record, IReadOnlyList<EndpointRecord> endpoints)
    {
        WriteFile(PathOf(record.Id, "hostname"), record.Config.Hostname + "\n");
        WriteFile(PathOf(record.Id, "hosts"), Hosts(record, endpoints));
        WriteFile(PathOf(record.Id, "resolv.conf"), Resolv(record, endpoints));
    }

    /// <summary>Follows a change of a running container's networks. A file that was changed inside is left as it is.</summary>
    internal void Update(ContainerRecord record, IReadOnlyList<EndpointRecord> before)
    {
        Replace(PathOf(record.Id, "hosts"), Hosts(record, before), Hosts(record, record.Endpoints));
        Replace(PathOf(record.Id, "resolv.conf"), Resolv(record, before), Resolv(record, record.Endpoints));
    }

    private static void Replace(string path, string expected, string wanted)
    {
        if (expected != wanted && File.Exists(path) && File.ReadAllText(path) == expected)
        {
            WriteFile(path, wanted);
        }
    }

    private string Hosts(ContainerRecord record, IReadOnlyList<EndpointRecord> endpoints)
    {
        if (record.HostConfig.NetworkMode == BuiltInNetworks.Host)
        {
            return ReadHost("/etc/hosts") + ExtraHosts(record, "127.0.0.1");
        }

        var text = new StringBuilder(Local);
        text.Append(ExtraHosts(record, endpoints.Select(endpoint => endpoint.Gateway4).FirstOrDefault(gateway => gateway.Length > 0) ?? "127.0.0.1"));
        foreach (var link in LegacyLink.Of(record, endpoints, containers))
        {
            text.Append(link.HostsLine).Append('\n');
        }

        var name = record.Config.Domainname.Length > 0 ? $"{record.Config.Hostname}.{record.Config.Domainname} {record.Config.Hostname}" : record.Config.Hostname;
        foreach (var address in endpoints.SelectMany(endpoint => endpoint.Addresses))
        {
            text.Append(address).Append('\t').Append(name).Append('\n');
        }

        return text.ToString();
    }

    // "name:address" or "name=address"; an IPv6 address may stand in brackets.
    private static string ExtraHosts(ContainerRecord record, string gateway)
    {
        var text = new StringBuilder();
        foreach (var entry in record.HostConfig.ExtraHosts ?? [])
        {
            var separator = entry.AsSpan().IndexOfAny('=', ':');
            if (separator > 0)
            {
                var address = entry[(separator + 1)..].Trim('[', ']');
                text.Append(address == "host-gateway" ? gateway : address).Append('\t').Append(entry.AsSpan(0, separator)).Append('\n');
            }
        }

        return text.ToString();
    }

    private string Resolv(ContainerRecord record, IReadOnlyList<EndpointRecord> endpoints)
    {
        var host = record.HostConfig.NetworkMode == BuiltInNetworks.Host;
        var embedded = endpoints.Any(endpoint => endpoint.Network != BuiltInNetworks.Bridge && endpoint.IsConnected);
        var search = First(record.HostConfig.DnsSearch, options.DnsSearch) ?? [.. Resolvers.HostLines("search").SelectMany(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))];
        var settings = First(record.HostConfig.DnsOptions, options.DnsOptions) ?? [.. Resolvers.HostLines("options")];
        if (embedded && !settings.Any(setting => setting.StartsWith("ndots:", StringComparison.Ordinal)))
        {
            settings = [.. settings, "ndots:0"];
        }

        var text = new StringBuilder();
        foreach (var server in embedded ? [NameSockets.Address.ToString()] : Servers(record, host))
        {
            text.Append("nameserver ").Append(server).Append('\n');
        }

        if (search.Count > 0 && search is not ["."])
        {
            text.Append("search ").AppendJoin(' ', search).Append('\n');
        }

        if (settings.Count > 0)
        {
            text.Append("options ").AppendJoin(' ', settings).Append('\n');
        }

        return text.ToString();
    }

    // A server on the host's loopback is out of reach for a container with a network of its own.
    private IReadOnlyList<string> Servers(ContainerRecord record, bool host) =>
        First(record.HostConfig.Dns, options.Dns) ?? [.. Resolvers.HostLines("nameserver").Where(server => host || !IsLoopback(server))];

    private static IReadOnlyList<string>? First(IReadOnlyList<string>? own, IReadOnlyList<string> engine) =>
        own is { Count: > 0 } ? own : engine.Count > 0 ? engine : null;

    private static bool IsLoopback(string server) => IPAddress.TryParse(server, out var address) && IPAddress.IsLoopback(address);

    private static string ReadHost(string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: <= MaxHostFile } ? File.ReadAllText(path) : "";
        }
        catch (IOException)
        {
            return "";
        }
    }

    // The container's own view is a bind mount of this very file, so it is rewritten in place.
    private static void WriteFile(string path, string content)
    {
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, Readable);
    }
}
