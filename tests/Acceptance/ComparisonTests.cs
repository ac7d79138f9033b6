using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance;

/// <summary>Reliability check 43: what a process finds in a default container, beside the distribution's dockerd.</summary>
[Collection(MakingCollection.Name)]
public sealed class ComparisonTests(EngineRoom room)
{
    // One fact per line: what it is, a bar, its value. Ids and paths of the host are left out.
    private const string Probe =
        """
        while read key value; do case $key in Cap*|Seccomp:|NoNewPrivs:|Uid:|Gid:|Groups:) echo "status $key|$value";; esac; done < /proc/self/status
        while read a b c root target options rest; do echo "mount $target|$options"; done < /proc/self/mountinfo
        for f in /proc/self/fd/*; do echo "descriptor ${f##*/}|"; done
        echo "users|"$(cat /proc/self/uid_map /proc/self/gid_map)
        for f in /dev/*; do echo "device $f|$(stat -c '%A %t %T' $f)"; done
        env | while IFS='=' read key value; do echo "variable $key|$value"; done
        while read line; do echo "limit $line|"; done < /proc/self/limits
        while IFS=: read a name path; do echo "cgroup $name|$(echo ${path##*/} | wc -c)"; done < /proc/self/cgroup
        for f in oom_score_adj loginuid coredump_filter timerslack_ns; do echo "$f|$(cat /proc/self/$f)"; done
        for f in /proc/acpi /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/timer_stats /proc/sched_debug /proc/scsi /proc/interrupts /sys/firmware; do
          echo "masked $f|$(cat $f 2>/dev/null | head -c 9 | wc -c) $(ls $f 2>/dev/null | grep -v ^/ | wc -l)"; done
        for f in /proc/sys/kernel/panic /proc/bus /proc/fs /proc/irq /proc/sysrq-trigger /sys/kernel /sys/fs/cgroup/memory/x; do (echo 1 > $f) 2>/dev/null && echo "writable $f|"; done
        echo "umask|$(umask)"
        echo "directory|$(pwd)"
        echo "ports|"$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range)
        """;

    // Reviewed. All but the first are crun's way of doing the same; with runc there is only the first.
    private static readonly Dictionary<string, string> Reviewed = new()
    {
        ["masked /proc/interrupts"] = "stricter: Docker 28 masks it, 20.10 did not",
        ["mount /proc/interrupts"] = "stricter: as above",
        ["mount /proc/bus"] = "read-only like Docker's; nosuid, nodev and noexec are not repeated on it, and procfs honours neither devices nor programs anyway",
        ["mount /proc/fs"] = "as /proc/bus",
        ["mount /proc/irq"] = "as /proc/bus",
        ["mount /proc/sys"] = "as /proc/bus",
        ["mount /proc/sysrq-trigger"] = "as /proc/bus",
        ["mount /proc/keys"] = "stricter: the mask is mounted read-only",
        ["mount /proc/timer_list"] = "as /proc/keys",
        ["device /dev/core"] = "a link to /proc/kcore, which is masked",
    };

    [Fact]
    public async Task Check43_ADefaultContainerIsAsStockDockersOrStricter()
    {
        if (!StockDocker.IsInstalled)
        {
            return;
        }

        await using var scratch = new Scratch();
        await using var stock = await StockDocker.StartAsync(scratch);
        var archive = Path.Combine(scratch.Root, "busybox.tar");
        (await room.Docker("save", "-o", archive, "busybox")).Ok();
        Tool.Run(EngineRoom.DockerProgram, "-H", "unix://" + stock.Socket, "load", "-i", archive);
        string[] run = ["run", "--rm", "--network", "none", "--hostname", "same", "busybox", "sh", "-c", Probe];
        var theirs = Facts(Tool.Run(EngineRoom.DockerProgram, ["-H", "unix://" + stock.Socket, .. run]));
        var ours = Facts((await room.Docker(run)).Ok());
        Assert.True(theirs.Count > 60, $"{theirs.Count} facts");

        var differences = theirs.Keys.Union(ours.Keys).Where(key => theirs.GetValueOrDefault(key) != ours.GetValueOrDefault(key) && !Reviewed.ContainsKey(key))
            .Select(key => $"{key}: docker {theirs.GetValueOrDefault(key) ?? "has none"}, slipway {ours.GetValueOrDefault(key) ?? "has none"}");
        Assert.True(!differences.Any(), string.Join('\n', differences));
        Assert.Equal("0 0", ours["masked /proc/interrupts"].Replace("0 1", "0 0", StringComparison.Ordinal));
    }

    private static Dictionary<string, string> Facts(string output) =>
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => line.Split('|', 2)).GroupBy(pair => pair[0])
            .ToDictionary(facts => facts.Key, facts => string.Join(" and ", facts.Select(fact => fact[1])));
}
