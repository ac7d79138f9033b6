using System.Globalization;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability check 64: requests that no schema allows.</summary>
public sealed class FuzzTests
{
    private const int Seed = 64;

    private static readonly string[] Values =
        ["null", "true", "0", "-1", "-9223372036854775808", "1e400", "99999999999999999999999", "1.5", "\"\"", "\"x\"", "\"../../etc/passwd\"", "\"\\u0000\"", "\"\\ud800\"", "[]", "[null]", "[[]]", "[{}]", "{}", "{\"x\":null}", "{\"\":{}}"];

    // Method, path, and a body that would be fine.
    private static readonly (string Method, string Path, string Body)[] Endpoints =
    [
        ("POST", "/containers/create", """{"Image":"busybox","Cmd":["true"],"Entrypoint":[],"Env":["A=b"],"Labels":{"a":"b"},"User":"0","WorkingDir":"/","StopSignal":"TERM","StopTimeout":1,"Tty":false,"OpenStdin":false,"Hostname":"h","Domainname":"d","Volumes":{"/v":{}},"ExposedPorts":{"80/tcp":{}},"Healthcheck":{"Test":["NONE"],"Interval":0,"Timeout":0,"Retries":0},"HostConfig":{"NetworkMode":"none","Binds":[],"Mounts":[{"Type":"tmpfs","Target":"/t","TmpfsOptions":{"SizeBytes":4096,"Mode":511}}],"Tmpfs":{"/x":""},"Memory":0,"MemorySwap":0,"MemoryReservation":0,"NanoCpus":0,"CpuShares":0,"CpuPeriod":0,"CpuQuota":0,"CpusetCpus":"","PidsLimit":0,"BlkioWeight":0,"BlkioWeightDevice":[],"BlkioDeviceReadBps":[],"Ulimits":[],"Devices":[],"DeviceRequests":[],"DeviceCgroupRules":[],"CapAdd":[],"CapDrop":[],"SecurityOpt":[],"Sysctls":{},"GroupAdd":[],"Dns":[],"DnsSearch":[],"ExtraHosts":[],"VolumesFrom":[],"Links":[],"PortBindings":{},"RestartPolicy":{"Name":"no","MaximumRetryCount":0},"LogConfig":{"Type":"json-file","Config":{}},"ShmSize":0,"IpcMode":"","PidMode":"","UTSMode":"","UsernsMode":"","CgroupnsMode":"","Cgroup":"","CgroupParent":"","OomScoreAdj":0,"OomKillDisable":false,"Init":false,"Privileged":false,"ReadonlyRootfs":false,"Runtime":"","Isolation":"","MaskedPaths":[],"ReadonlyPaths":[],"Annotations":{},"StorageOpt":{},"ConsoleSize":[0,0]},"NetworkingConfig":{"EndpointsConfig":{}}}"""),
        ("POST", "/containers/cc/update", """{"Memory":0,"CpuShares":0,"NanoCpus":0,"PidsLimit":0,"RestartPolicy":{"Name":"no","MaximumRetryCount":0},"BlkioWeight":0,"CpusetCpus":"0","Ulimits":[],"Devices":[]}"""),
        ("POST", "/containers/cc/exec", """{"Cmd":["true"],"Env":[],"User":"0","WorkingDir":"/","Tty":false,"AttachStdout":true,"Privileged":false,"DetachKeys":"ctrl-p","ConsoleSize":[1,1]}"""),
        ("POST", "/exec/nosuch/start", """{"Detach":true,"Tty":false,"ConsoleSize":[1,1]}"""),
        ("POST", "/volumes/create", """{"Name":"fuzz","Driver":"local","DriverOpts":{"type":"tmpfs","device":"tmpfs"},"Labels":{"a":"b"},"ClusterVolumeSpec":{}}"""),
        ("POST", "/commit?container=cc&repo=fuzz", """{"Cmd":["true"],"Env":[],"Labels":{},"Volumes":{},"ExposedPorts":{},"Healthcheck":{"Test":[]}}"""),
        ("POST", "/networks/create", """{"Name":"n","Driver":"bridge","IPAM":{"Config":[{"Subnet":"10.1.0.0/16"}]},"Options":{},"Labels":{}}"""),
        ("POST", "/networks/none/connect", """{"Container":"cc","EndpointConfig":{"Aliases":[]}}"""),
        ("POST", "/networks/none/disconnect", """{"Container":"cc","Force":true}"""),
        ("POST", "/auth", """{"username":"u","password":"p","serveraddress":"localhost:1"}"""),
        ("PUT", "/volumes/fuzz?version=1", """{"Spec":{}}"""),
        ("POST", "/swarm/init", """{"ListenAddr":"0.0.0.0:2377"}"""),
    ];

    private static readonly string[] Queries =
    [
        "GET /containers/json?limit={0}", "GET /containers/json?filters={0}", "GET /containers/json?size={0}", "POST /containers/create?name={0}", "POST /containers/create?platform={0}",
        "POST /containers/cc/stop?t={0}", "POST /containers/cc/stop?signal={0}", "POST /containers/cc/kill?signal={0}", "POST /containers/cc/restart?t={0}", "POST /containers/cc/resize?h={0}&w={0}", "POST /containers/cc/rename?name={0}",
        "GET /containers/cc/logs?stdout=1&tail={0}", "GET /containers/cc/logs?stdout=1&since={0}&until={0}", "GET /containers/cc/logs?stdout={0}", "GET /containers/cc/top?ps_args={0}", "GET /containers/cc/archive?path={0}", "HEAD /containers/cc/archive?path={0}",
        "GET /containers/{0}/json", "DELETE /containers/{0}?force={0}&v={0}", "POST /containers/{0}/wait?condition={0}", "POST /containers/cc/wait?condition={0}x", "POST /containers/cc/attach?detachKeys={0}&logs={0}",
        "GET /images/json?filters={0}", "GET /images/{0}/json", "GET /images/{0}/history", "DELETE /images/{0}", "POST /images/{0}/tag?repo={0}&tag={0}", "POST /images/busybox/tag?repo={0}&tag={0}", "GET /images/{0}/get", "GET /images/get?names={0}", "POST /images/create?fromSrc={0}", "POST /images/create?fromImage={0}&tag={0}",
        "GET /images/busybox/json?platform={0}", "POST /images/prune?filters={0}", "POST /containers/prune?filters={0}", "POST /volumes/prune?filters={0}", "GET /volumes?filters={0}", "GET /volumes/{0}", "DELETE /volumes/{0}?force={0}",
        "GET /events?until=1&since={0}", "GET /events?until={0}x&since=1", "GET /events?until=1&since=1&filters={0}", "GET /system/df?type={0}", "GET /networks?filters={0}", "GET /networks/{0}", "GET /exec/{0}/json", "POST /exec/{0}/resize?h={0}&w={0}", "POST /commit?container={0}&repo={0}&changes={0}", "POST /commit?container=cc&changes={0}", "GET /distribution/{0}/json", "POST /build/prune?filters={0}", "GET /{0}", "PATCH /containers/{0}",
    ];

    private static readonly string[] Texts =
        ["", "x", "-1", "99999999999999999999999", "1e400", "%00", "%ff%fe", "..%2F..%2Fetc%2Fpasswd", "%2e%2e", "%7B%22a%22%3Anull%7D", "%7B%22label%22%3A%5Bnull%5D%7D", "%7B%22id%22%3A%7B%22x%22%3A1%7D%7D", "%5B%5D", "null", "%", "%zz", "a%0Ab", "%F0%9F%90%B3", "sha256%3A..%2F..%2Fetc%2Fpasswd", "-option", "1.5.5", "2026-99-99T00%3A00%3A00Z"];

    [Fact]
    public async Task Check64_WrongBodiesAreRefusedWithAMessage()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        await daemon.CreateAsync("trap exit TERM; while :; do sleep 0.1; done", "cc");
        var random = new Random(Seed);
        var faults = new List<string>();
        foreach (var (method, path, body) in Endpoints)
        {
            foreach (var bad in Mutations(body, random))
            {
                await CheckAsync(daemon, faults, method, path, bad);
            }
        }

        Assert.True(faults.Count == 0, string.Join("\n\n", faults));
        await AssertNothingLeftAsync(daemon);
    }

    [Fact]
    public async Task Check64_WrongNamesAndParametersAreRefusedWithAMessage()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        await daemon.CreateAsync("trap exit TERM; while :; do sleep 0.1; done", "cc");
        var faults = new List<string>();
        foreach (var query in Queries)
        {
            foreach (var text in Texts)
            {
                var words = string.Format(CultureInfo.InvariantCulture, query, text).Split(' ', 2);
                await CheckAsync(daemon, faults, words[0], words[1], "");
                if (!await daemon.ExistsAsync("cc"))
                {
                    await daemon.CreateAsync("trap exit TERM; while :; do sleep 0.1; done", "cc");
                }
            }
        }

        Assert.True(faults.Count == 0, string.Join("\n\n", faults));
    }

    [Fact]
    public async Task Check64_VersionsOutsideTheRangeAreNamed()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        Assert.StartsWith("HTTP/1.1 200", await RawRequest.SendAsync(daemon.Socket, "GET", "/v1.24/containers/json", ""), StringComparison.Ordinal);
        foreach (var version in (string[])["9.99", "1.23", "1.52"])
        {
            var answer = await RawRequest.SendAsync(daemon.Socket, "GET", $"/v{version}/containers/json", "");
            Assert.StartsWith("HTTP/1.1 400", answer, StringComparison.Ordinal);
            Assert.Contains($"client version {version} is too", answer, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Check64_HugeAndDeepBodiesCostNoMemory()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        await daemon.CreateAsync("trap exit TERM; while :; do sleep 0.1; done", "cc");
        var before = ResidentMegabytes(daemon);
        var faults = new List<string>();
        foreach (var (method, path, _) in Endpoints)
        {
            foreach (var deep in (string[])[new string('[', 10_000), string.Concat(Enumerable.Repeat("{\"a\":", 10_000)), "{\"Labels\":" + string.Concat(Enumerable.Repeat("{\"a\":", 10_000)) + "1" + new string('}', 10_001)])
            {
                await CheckAsync(daemon, faults, method, path, deep);
            }

            faults.AddRange(await RawRequest.HugeAsync(daemon.Socket, method, path, 100 << 20) is var answer && IsRefusal(answer, method, path) ? [] : [$"{method} {path} 100 MiB: {answer}"]);
        }

        Assert.True(faults.Count == 0, string.Join("\n\n", faults));
        Assert.InRange(ResidentMegabytes(daemon), 0, before + 100);
        await AssertNothingLeftAsync(daemon);
    }

    private static IEnumerable<string> Mutations(string body, Random random)
    {
        yield return "";
        yield return "null";
        yield return "[]";
        yield return "\"text\"";
        yield return "{";
        yield return body + body;
        yield return body[..(body.Length / 2)];
        yield return body[..^1] + ",\"NoSuchMember\":{\"a\":[1,2,{}]}}";
        foreach (var path in Paths(JsonNode.Parse(body)!, []).ToList())
        {
            // All values for each place would take minutes; a seeded choice of them covers them over the places.
            foreach (var value in Values.OrderBy(_ => random.Next()).Take(Scratch.Rounds(5)))
            {
                yield return Replace(body, path, value);
            }
        }
    }

    private static IEnumerable<object[]> Paths(JsonNode node, object[] path)
    {
        var children = node switch
        {
            JsonObject o => o.Select(member => ((object)member.Key, member.Value)),
            JsonArray a => a.Select((item, index) => ((object)index, item)),
            _ => [],
        };
        foreach (var (key, child) in children)
        {
            object[] below = [.. path, key];
            yield return below;
            foreach (var deeper in child is null ? [] : Paths(child, below))
            {
                yield return deeper;
            }
        }
    }

    // Values need not be JSON that a parser can hold (1e400), so the place is marked and then overwritten as text.
    private static string Replace(string body, object[] path, string value)
    {
        const string Mark = "\"@here@\"";
        var root = JsonNode.Parse(body)!;
        var parent = path[..^1].Aggregate(root, (node, key) => key is int index ? node[index]! : node[(string)key]!);
        if (path[^1] is int last)
        {
            parent[last] = "@here@";
        }
        else
        {
            parent[(string)path[^1]] = "@here@";
        }

        return root.ToJsonString().Replace(Mark, value, StringComparison.Ordinal);
    }

    private static async Task CheckAsync(PrivateDaemon daemon, List<string> faults, string method, string path, string body)
    {
        string answer;
        try
        {
            answer = await RawRequest.SendAsync(daemon.Socket, method, path, body);
        }
        catch (Exception e) when (e is IOException or SocketException or TimeoutException)
        {
            answer = e.GetType().Name + ": " + e.Message;
        }

        if (!answer.StartsWith("HTTP/1.1 2", StringComparison.Ordinal) && !answer.StartsWith("HTTP/1.1 304", StringComparison.Ordinal) && !answer.StartsWith("HTTP/1.1 101", StringComparison.Ordinal) && !IsRefusal(answer, method, path))
        {
            faults.Add($"{method} {path} {body[..Math.Min(body.Length, 3000)]}\n  -> {answer}");
        }
        else if (path.StartsWith("/containers/create", StringComparison.Ordinal) && answer.StartsWith("HTTP/1.1 201", StringComparison.Ordinal))
        {
            await daemon.RemoveAsync((string)JsonNode.Parse(answer[(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..])!["Id"]!);
        }
    }

    private static bool IsRefusal(string answer, string method, string path)
    {
        var status = answer.Length > 12 && answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal) ? int.Parse(answer.AsSpan(9, 3), CultureInfo.InvariantCulture) : 0;
        // A NUL in the path never reaches the application: the HTTP server refuses it by itself, without a body.
        return (path.Split('?')[0].Contains("%00", StringComparison.Ordinal) && status == 400) || ((status is >= 400 and < 500 or 501 or 503) && (method == "HEAD" || answer.Contains("\r\n\r\n{\"message\":\"", StringComparison.Ordinal)));
    }

    private static async Task AssertNothingLeftAsync(PrivateDaemon daemon)
    {
        Assert.Equal("/cc", (string?)Assert.Single(await daemon.ListAsync())!["Names"]![0]);
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(daemon.DataRoot, "staging")));
        Assert.Single(Directory.GetDirectories(Path.Combine(daemon.DataRoot, "containers")));
        Assert.Empty(Scratch.Mounts(daemon.DataRoot));
    }

    private static long ResidentMegabytes(PrivateDaemon daemon) =>
        long.Parse(File.ReadLines($"/proc/{daemon.Pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
}
