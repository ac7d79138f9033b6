using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>The <c>HostConfig</c> of a create request.</summary>
internal static class HostConfigRequest
{
    public static JsonObject Build(FlagValues flags, JsonObject portBindings, List<string> binds)
    {
        JsonObject host = ResourceRequest.Build(flags);
        Storage(host, flags, binds);
        Security(host, flags);
        Network(host, flags, portBindings);
        host["ContainerIDFile"] = flags.String("cidfile");
        host["LogConfig"] = new JsonObject { ["Type"] = flags.String("log-driver"), ["Config"] = JsonBuild.Map(flags.Map("log-opt")) };
        host["AutoRemove"] = flags.Bool("rm");
        host["RestartPolicy"] = Restart(flags);
        host["Runtime"] = flags.StringOrNull("runtime");
        host["Isolation"] = flags.String("isolation");
        host["Annotations"] = JsonBuild.MapOrNull(flags.Map("annotation"));
        if (flags.Has("init"))
        {
            host["Init"] = flags.Bool("init");
        }

        foreach (string name in host.Where(p => p.Value is null).Select(p => p.Key).ToList())
        {
            host.Remove(name);
        }

        return host;
    }

    private static JsonObject Restart(FlagValues flags)
    {
        JsonObject policy = RestartOption.Read(flags.String("restart"));
        return flags.Bool("rm") && policy["Name"]!.GetValue<string>() is not ("" or "no")
            ? throw new UsageException("conflicting options: cannot specify both --restart and --rm")
            : policy;
    }

    private static void Storage(JsonObject host, FlagValues flags, List<string> binds)
    {
        List<JsonNode?> mounts = [.. flags.List("mount").Select(MountOptions.Read)];
        host["Binds"] = JsonBuild.StringsOrNull(binds);
        host["Mounts"] = mounts.Count > 0 ? JsonBuild.Array(mounts) : null;
        host["Tmpfs"] = flags.Has("tmpfs") ? VolumeOptions.Tmpfs(flags.List("tmpfs")) : null;
        host["VolumesFrom"] = JsonBuild.StringsOrNull(flags.List("volumes-from"));
        host["VolumeDriver"] = flags.String("volume-driver");
        host["ReadonlyRootfs"] = flags.Bool("read-only");
        host["ShmSize"] = flags.Bytes("shm-size");
        host["StorageOpt"] = JsonBuild.MapOrNull(flags.Map("storage-opt"));
    }

    private static void Security(JsonObject host, FlagValues flags)
    {
        (List<string> options, bool open) = SecurityOptions.Read(flags.List("security-opt"));
        host["Privileged"] = flags.Bool("privileged");
        host["CapAdd"] = JsonBuild.StringsOrNull(flags.List("cap-add"));
        host["CapDrop"] = JsonBuild.StringsOrNull(flags.List("cap-drop"));
        host["SecurityOpt"] = JsonBuild.StringsOrNull(options);
        host["MaskedPaths"] = open ? new JsonArray() : null;
        host["ReadonlyPaths"] = open ? new JsonArray() : null;
        host["GroupAdd"] = JsonBuild.StringsOrNull(flags.List("group-add"));
        host["Sysctls"] = JsonBuild.MapOrNull(flags.Map("sysctl"));
        host["PidMode"] = flags.String("pid");
        host["IpcMode"] = flags.String("ipc");
        host["UTSMode"] = flags.String("uts");
        host["UsernsMode"] = flags.String("userns");
        host["CgroupnsMode"] = flags.String("cgroupns");
    }

    private static void Network(JsonObject host, FlagValues flags, JsonObject portBindings)
    {
        host["NetworkMode"] = NetworkRequest.Mode(flags);
        host["PortBindings"] = portBindings;
        host["PublishAllPorts"] = flags.Bool("publish-all");
        host["Links"] = JsonBuild.StringsOrNull(flags.List("link"));
        host["Dns"] = JsonBuild.Strings(flags.List("dns"));
        host["DnsOptions"] = JsonBuild.Strings([.. flags.List("dns-option"), .. flags.List("dns-opt")]);
        host["DnsSearch"] = JsonBuild.Strings(flags.List("dns-search"));
        host["ExtraHosts"] = JsonBuild.StringsOrNull([.. flags.List("add-host").Select(ExtraHost)]);
    }

    /// <summary>Both <c>name:address</c> and <c>name=address</c>; the engine wants a colon.</summary>
    private static string ExtraHost(string text)
    {
        int at = text.IndexOfAny(['=', ':']);
        string address = at < 0 ? "" : text[(at + 1)..].Trim('[', ']');
        return at > 0 && address.Length > 0 && (address == "host-gateway" || System.Net.IPAddress.TryParse(address, out _))
            ? text[..at] + ":" + address
            : throw new FormatException(at > 0 && address.Length > 0
                ? $"invalid IP address in add-host: \"{address}\"" : $"bad format for add-host: \"{text}\"");
    }
}
