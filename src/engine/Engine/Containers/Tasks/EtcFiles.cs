using System.Text;

namespace Slipway.Engine.Containers.Tasks;

/// <summary>The files that the engine provides in a container's <c>/etc</c>: <c>hosts</c>, <c>hostname</c> and <c>resolv.conf</c>.</summary>
internal sealed class EtcFiles(EnginePaths paths, EngineOptions options)
{
    private const int MaxHostFile = 1 << 20;
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Path of a container's own copy of one of the files.</summary>
    internal string PathOf(string id, string name) => Path.Combine(paths.Container(id), name);

    /// <summary>Writes the files anew for a run.</summary>
    internal void Write(ContainerRecord record)
    {
        var host = record.HostConfig.NetworkMode == "host";
        WriteFile(PathOf(record.Id, "hostname"), record.Config.Hostname + "\n");
        WriteFile(PathOf(record.Id, "hosts"), host ? ReadHost("/etc/hosts") + ExtraHosts(record) : Hosts(record));
        WriteFile(PathOf(record.Id, "resolv.conf"), Resolv(record, host));
    }

    private static string Hosts(ContainerRecord record)
    {
        const string local = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\nff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n";
        return local + ExtraHosts(record);
    }

    // "name:address" or "name=address"; an IPv6 address may stand in brackets.
    private static string ExtraHosts(ContainerRecord record)
    {
        var text = new StringBuilder();
        foreach (var entry in record.HostConfig.ExtraHosts ?? [])
        {
            var separator = entry.AsSpan().IndexOfAny('=', ':');
            if (separator > 0)
            {
                var address = entry[(separator + 1)..].Trim('[', ']');
                text.Append(address == "host-gateway" ? "127.0.0.1" : address).Append('\t').Append(entry.AsSpan(0, separator)).Append('\n');
            }
        }

        return text.ToString();
    }

    private string Resolv(ContainerRecord record, bool hostNetwork)
    {
        var lines = ReadHost("/etc/resolv.conf").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var servers = First(record.HostConfig.Dns, options.Dns) ?? [.. Values(lines, "nameserver").Where(server => hostNetwork || !IsLoopback(server))];
        var search = First(record.HostConfig.DnsSearch, options.DnsSearch) ?? [.. Values(lines, "search").SelectMany(line => line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))];
        var settings = First(record.HostConfig.DnsOptions, options.DnsOptions) ?? [.. Values(lines, "options")];
        var text = new StringBuilder();
        foreach (var server in servers)
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

    private static IReadOnlyList<string>? First(IReadOnlyList<string>? own, IReadOnlyList<string> engine) =>
        own is { Count: > 0 } ? own : engine.Count > 0 ? engine : null;

    private static IEnumerable<string> Values(string[] lines, string keyword) =>
        lines.Where(line => line.StartsWith(keyword + " ", StringComparison.Ordinal) || line.StartsWith(keyword + "\t", StringComparison.Ordinal)).Select(line => line[(keyword.Length + 1)..].Trim());

    private static bool IsLoopback(string server) =>
        System.Net.IPAddress.TryParse(server, out var address) && System.Net.IPAddress.IsLoopback(address);

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
