using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Faults;

/// <summary>Reliability check 54: health checks that fork and time out.</summary>
public sealed class HealthTests
{
    [Fact]
    public async Task Check54_ProbesThatTimeOutLeaveNoProcess()
    {
        var (scratch, daemon) = await Scratch.BeginAsync();
        await using var _ = scratch;
        const string health =
            """
            "Healthcheck":{"Test":["CMD-SHELL","sleep 500 & busybox setsid sleep 600 & sleep 700"],"Interval":100000000,"Timeout":1000000000,"Retries":2}
            """;
        var id = await daemon.RunAsync("exec sleep 1000", config: health, host: "\"Init\":true");

        await Wait.UntilAsync("four probes have timed out", async () => (int?)(await daemon.StateAsync(id))["Health"]?["FailingStreak"] >= 4, 30);
        Assert.Equal("unhealthy", (string?)(await daemon.StateAsync(id))["Health"]!["Status"]);
        Assert.Contains("exceeded timeout", (string?)(await daemon.StateAsync(id))["Health"]!["Log"]![0]!["Output"], StringComparison.Ordinal);

        // The init, the program, and one probe under way with its shell and three sleeps.
        var processes = (JsonArray)(await daemon.CallAsync("GET", $"/containers/{id}/top"))!["Processes"]!;
        Assert.InRange(processes.Count, 2, 6);
    }
}
