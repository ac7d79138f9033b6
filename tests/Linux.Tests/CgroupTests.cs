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

        var scratch = Directory.CreateTempSubdirectory("slipway-controllers-").FullName;
        var unified = File.ReadLines("/proc/self/mountinfo").Single(line => line.Contains(" - cgroup2 ", StringComparison.Ordinal)).Split(' ')[4];
        var mounts = File.ReadAllText("/proc/self/mountinfo");
        var taken = Cgroups.TakeUnifiedControllers(scratch);
        try
        {
            Assert.Equal("", File.ReadAllText(Path.Combine(unified, "cgroup.controllers")).Trim());
            Assert.Equal(mounts, File.ReadAllText("/proc/self/mountinfo"));
            var second = Cgroups.TakeUnifiedControllers(scratch);
            // Whoever comes later holds the same ones, so that the first may go.
            Assert.Equal(taken.Count, second.Count);
            foreach (var handle in second)
            {
                handle.Dispose();
            }
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

    [Fact]
    public async Task ControllersAreHeldAlsoWhileOthersComeAndGo()
    {
        if (Cgroups.Mode != CgroupMode.Hybrid)
        {
            return;
        }

        var unified = File.ReadLines("/proc/self/mountinfo").Single(line => line.Contains(" - cgroup2 ", StringComparison.Ordinal)).Split(' ')[4];
        using var enough = new CancellationTokenSource();
        var other = Task.Run(() =>
        {
            while (!enough.IsCancellationRequested)
            {
                Hold(() => Thread.SpinWait(Random.Shared.Next(50_000)));
            }
        });
        try
        {
            for (var round = 0; round < 40; round++)
            {
                Hold(() =>
                {
                    for (var look = 0; look < 10; look++)
                    {
                        Assert.Equal("", File.ReadAllText(Path.Combine(unified, "cgroup.controllers")).Trim());
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

    private static void Hold(Action meanwhile)
    {
        var scratch = Directory.CreateTempSubdirectory("slipway-controllers-").FullName;
        var taken = Cgroups.TakeUnifiedControllers(scratch);
        try
        {
            meanwhile();
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
