using System.Diagnostics;
using System.Globalization;
using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Building;

/// <summary>Check 62: builds that share stages while clients, commands and the daemon are killed at random moments.</summary>
[Collection(BuildCollection.Name)]
public sealed class KilledBuildTests(EngineRoom room)
{
    [Fact]
    public async Task Check62_OtherBuildsGoOnAndTheNextIsRight()
    {
        var random = new Random(62);
        for (var round = 0; round < Scratch.Rounds(9); round++)
        {
            var mark = $"{Guid.NewGuid():N}";
            var dockerfile = $"FROM busybox AS shared\nCOPY f /f\nRUN sleep 0.2; echo {mark} > /mark\nRUN sleep 0.2; cat /mark /f > /both\nFROM shared\nARG WHO\nRUN echo $WHO >> /both\n";
            var victim = new Context(room, dockerfile).Write("f", "same");
            var other = new Context(room, dockerfile).Write("f", "same");
            using var first = Start(victim, "victim", round % 2 == 0);
            using var second = Start(other, "other", round % 3 == 0);
            await Task.Delay(random.Next(0, 700));
            if (round % 3 == 2)
            {
                // Both wait for the same command: both are told, or neither met it. Afterwards both are built as ever.
                KillCommand(mark);
                await first.EndAsync(30);
                await second.EndAsync(30);
                (await room.Client("slipway", "build", "-q", "-t", "other", "--build-arg", "WHO=other", other.Path)).Ok();
            }
            else if (round % 6 == 4)
            {
                await room.Daemon.CrashAndStartAsync();
                await second.EndAsync(30);
                (await room.Client("slipway", "build", "-q", "-t", "other", "--build-arg", "WHO=other", other.Path)).Ok();
            }
            else
            {
                first.Process.Kill(entireProcessTree: true);
                (await second.EndAsync(30)).Ok();
            }

            Assert.Equal($"{mark}\nsameother", (await room.Run("other", "cat", "/both")).Ok());
            (await room.Client("slipway", "build", "-q", "-t", "victim", "--build-arg", "WHO=victim", victim.Path)).Ok();
            Assert.Equal($"{mark}\nsamevictim", (await room.Run("victim", "cat", "/both")).Ok());
        }

        // Copies of the clients' directories stay for the next build, until they are pruned.
        (await room.Docker("builder", "prune", "-af")).Ok();
        for (var waited = 0; waited < 50 && Left().Length > 0; waited++)
        {
            await Task.Delay(TimeSpan.FromSeconds(0.2));
        }

        Assert.Equal([], Left());
    }

    private static void KillCommand(string mark)
    {
        foreach (var directory in Directory.GetDirectories("/proc").Where(path => char.IsAsciiDigit(Path.GetFileName(path)[0])))
        {
            try
            {
                if (File.ReadAllText(Path.Combine(directory, "cmdline")).StartsWith($"/bin/sh\0-c\0sleep 0.2; echo {mark}", StringComparison.Ordinal))
                {
                    Process.GetProcessById(int.Parse(Path.GetFileName(directory), CultureInfo.InvariantCulture)).Kill();
                }
            }
            catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException)
            {
                // It has ended.
            }
        }
    }

    private string[] Left() => [.. Directory.EnumerateFileSystemEntries(Path.Combine(room.Daemon.DataRoot, "staging")), .. Directory.EnumerateFileSystemEntries(Path.Combine(room.Daemon.DataRoot, "containers"))];

    private CommandLine Start(Context context, string name, bool classic) => classic
        ? room.Start("slipway", "build", "-q", "--squash=false", "-t", name, "--build-arg", "WHO=" + name, context.Path)
        : room.Start("slipway", "build", "--progress=plain", "-t", name, "--build-arg", "WHO=" + name, context.Path);
}
