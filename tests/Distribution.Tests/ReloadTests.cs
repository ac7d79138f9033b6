using Slipway.Distribution.Authorization;
using Slipway.Distribution.Tests.Fixture;
using Slipway.Distribution.Transport;
using Slipway.Engine;
using Slipway.Oci;

namespace Slipway.Distribution.Tests;

/// <summary>What a reloaded configuration says about registries counts for the next operation.</summary>
public sealed class ReloadTests
{
    [Fact]
    public async Task Mirrors_and_attempts_are_taken_over()
    {
        using var mirror = new HostileRegistry();
        mirror.Add("library/app", "v1", new TestImage(TestImage.Layer("f", 1000, 3)));
        await using var room = await PrivateEngine.StartAsync();
        using var client = Registries.For(room.Engine, (OwnRegistry?)null);
        room.Engine.Reload(room.Engine.Options with { RegistryMirrors = ["http://" + mirror.Host] });
        await client.PullImage.RunAsync(new PullRequest(Reference.Parse("docker.io/library/app:v1"), null, RegistryCredentials.None), null, default);
        Assert.NotNull(room.Engine.Images.Find("docker.io/library/app:v1"));

        mirror.Lie = request => request.Path.Contains("/other/", StringComparison.Ordinal) ? new Answer(503, []) : null;
        room.Engine.Reload(room.Engine.Options with { MaxDownloadAttempts = 2 });
        await Assert.ThrowsAsync<EngineException>(() => client.PullImage.RunAsync(new PullRequest(Reference.Parse($"{mirror.Host}/other/app:v1"), null, RegistryCredentials.None), null, default));
        Assert.Equal(2, mirror.Count("GET", "/v2/other/app/manifests/v1"));
    }

    [Fact]
    public async Task More_transfers_may_run_when_the_limit_rises_and_fewer_when_it_falls()
    {
        var most = 1;
        var slots = new TransferSlots(() => most);
        await slots.TakeAsync(default);
        Assert.False(slots.TryTake());
        using var leaving = new CancellationTokenSource();
        var (leaver, second) = (slots.TakeAsync(leaving.Token), slots.TakeAsync(default));
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaver);
        most = 2;
        var third = slots.TakeAsync(default);
        await second;
        Assert.False(third.IsCompleted);
        most = 1;
        slots.Free();
        Assert.False(third.IsCompleted);
        slots.Free();
        await third;
    }
}
