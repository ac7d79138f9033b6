namespace Slipway.Linux.Tests;

public sealed class CgroupTests
{
    [Fact]
    public void ControllersOfAHybridLayoutLeaveTheUnifiedHierarchyWhileTheyAreHeld()
    {
        if (Cgroups.Mode != CgroupMode.Hybrid)
        {
            return;
        }

        var mounts = ControlGroupMounts();
        Hold(first =>
        {
            Assert.Equal("", UnifiedControllers());
            Assert.Equal(mounts, ControlGroupMounts());
            // Whoever comes later holds the same ones, so that the first may go.
            Hold(second => Assert.Equal(first, second));
        });
    }

    [Fact]
    public async Task ControllersAreHeldAlsoWhileOthersComeAndGo()
    {
        if (Cgroups.Mode != CgroupMode.Hybrid)
        {
            return;
        }

        using var enough = new CancellationTokenSource();
        var other = Task.Run(() =>
        {
            while (!enough.IsCancellationRequested)
            {
                Hold(_ => Thread.SpinWait(Random.Shared.Next(50_000)));
            }
        });
        try
        {
            for (var round = 0; round < 40; round++)
            {
                Hold(_ =>
                {
                    for (var look = 0; look < 10; look++)
                    {
                        Assert.Equal("", UnifiedControllers());
                        Thread.Sleep(1);
                    }
                });
            }
        }
        finally
        {
            await enough.CancelAsync();
            await other;
        }
    }

    private static string UnifiedControllers()
    {
        var unified = File.ReadLines("/proc/self/mountinfo").Single(line => line.Contains(" - cgroup2 ", StringComparison.Ordinal)).Split(' ')[4];
        return File.ReadAllText(Path.Combine(unified, "cgroup.controllers")).Trim();
    }

    private static IEnumerable<string> ControlGroupMounts() => [.. File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(" - cgroup", StringComparison.Ordinal))];

    private static void Hold(Action<int> meanwhile)
    {
        var scratch = Directory.CreateTempSubdirectory("slipway-controllers-").FullName;
        var taken = Cgroups.TakeUnifiedControllers(scratch);
        try
        {
            meanwhile(taken.Count);
        }
        finally
        {
            foreach (var handle in taken)
            {
                handle.Dispose();
            }

            Directory.Delete(scratch);
        }
    }
}
