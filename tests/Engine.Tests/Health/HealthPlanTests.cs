using Slipway.DockerApi;
using Slipway.Engine.Health;

namespace Slipway.Engine.Tests.Health;

public sealed class HealthPlanTests
{
    private static readonly HealthPlan Plan = HealthPlan.Of(new ContainerConfig
    {
        Healthcheck = new HealthConfig { Test = ["CMD-SHELL", "check"], Retries = 2, StartPeriod = 10_000_000_000, Interval = 2_000_000_000 },
    })!;

    [Theory]
    [InlineData("NONE")]
    [InlineData("")]
    public void There_may_be_no_check(string kind) =>
        Assert.Null(HealthPlan.Of(new ContainerConfig { Healthcheck = new HealthConfig { Test = kind.Length > 0 ? [kind] : [] } }));

    [Fact]
    public void A_shell_check_runs_in_the_containers_shell()
    {
        Assert.Equal(["/bin/sh", "-c", "check"], Plan.Command);
        var own = HealthPlan.Of(new ContainerConfig { Shell = ["/bin/bash", "-ec"], Healthcheck = new HealthConfig { Test = ["CMD-SHELL", "x"] } })!;
        Assert.Equal(["/bin/bash", "-ec", "x"], own.Command);
        Assert.Equal(TimeSpan.FromSeconds(30), own.Interval);
    }

    [Fact]
    public void Failures_in_the_start_period_do_not_count()
    {
        var health = Plan.After(HealthPlan.Starting, Result(1), TimeSpan.FromSeconds(9));
        Assert.Equal(("starting", 0), (health.Status, health.FailingStreak));
        Assert.Equal(TimeSpan.FromSeconds(5), Plan.Wait(health, TimeSpan.FromSeconds(9)));
        Assert.Equal(TimeSpan.FromSeconds(2), Plan.Wait(health, TimeSpan.FromSeconds(11)));
        health = Plan.After(health, Result(1), TimeSpan.FromSeconds(11));
        Assert.Equal(("starting", 1), (health.Status, health.FailingStreak));
        health = Plan.After(health, Result(1), TimeSpan.FromSeconds(12));
        Assert.Equal(("unhealthy", 2), (health.Status, health.FailingStreak));
        health = Plan.After(health, Result(0), TimeSpan.FromSeconds(13));
        Assert.Equal(("healthy", 0), (health.Status, health.FailingStreak));
    }

    [Fact]
    public void A_success_ends_the_start_period()
    {
        var health = Plan.After(HealthPlan.Starting, Result(0), TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(2), Plan.Wait(health, TimeSpan.FromSeconds(1)));
        Assert.Equal(1, Plan.After(health, Result(1), TimeSpan.FromSeconds(2)).FailingStreak);
    }

    [Fact]
    public void Five_results_are_kept()
    {
        var health = HealthPlan.Starting;
        for (var i = 0; i < 9; i++)
        {
            health = Plan.After(health, Result(0) with { Output = "r" + i }, TimeSpan.FromSeconds(i));
        }

        Assert.Equal(["r4", "r5", "r6", "r7", "r8"], health.Log!.Select(r => r.Output));
    }

    [Theory]
    [InlineData(1, "1s")]
    [InlineData(0.5, "500ms")]
    [InlineData(90, "1m30s")]
    [InlineData(1.5, "1.5s")]
    [InlineData(3600, "1h0m0s")]
    public void Durations_look_as_in_go(double seconds, string text) => Assert.Equal(text, HealthPlan.GoDuration(TimeSpan.FromSeconds(seconds)));

    private static HealthcheckResult Result(int code) => new() { ExitCode = code };
}
