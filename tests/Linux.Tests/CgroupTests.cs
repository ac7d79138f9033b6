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
}
