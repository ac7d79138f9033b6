using Slipway.Engine.Stats;

namespace Slipway.Engine.Tests.Stats;

public sealed class TopTests
{
    private const string Listing = "UID          PID    PPID CMD\nroot           1       0 init\nroot          42       1 sh -c sleep  5\nroot           -       - -\nroot          43       1 x\n";

    [Fact]
    public void Only_the_containers_processes_are_listed_with_their_threads()
    {
        var top = TopContainer.Parse(Listing, new HashSet<int> { 42 });
        Assert.Equal(["UID", "PID", "PPID", "CMD"], top.Titles);
        Assert.Equal([["root", "42", "1", "sh -c sleep 5"], ["root", "-", "-", "-"]], top.Processes);
    }

    [Fact]
    public void A_listing_without_process_ids_is_refused()
    {
        var error = Assert.Throws<EngineException>(() => TopContainer.Parse("A B\n1 2\n", new HashSet<int>()));
        Assert.Equal("Couldn't find PID field in ps output", error.Message);
    }
}
