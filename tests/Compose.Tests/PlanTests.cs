using Slipway.Compose.Model;
using Slipway.Compose.Plan;
using Slipway.DockerApi;

namespace Slipway.Compose.Tests;

/// <summary>What is done about what there is.</summary>
public sealed class PlanTests : IDisposable
{
    private readonly Sample _sample = new();

    public void Dispose() => _sample.Dispose();

    [Fact]
    public void Nothing_is_done_when_all_is_well() => Assert.Equal(["Keep app-a-1", "Keep app-a-2"], Plan(2, Container(1), Container(2)));

    [Fact]
    public void What_is_missing_is_made_and_what_is_too_much_goes()
    {
        Assert.Equal(["Create app-a-1"], Plan(1));
        Assert.Equal(["Keep app-a-2", "Create app-a-1", "Create app-a-3"], Plan(3, Container(2)));
        Assert.Equal(["Remove app-a-3", "Remove app-a-2", "Keep app-a-1"], Plan(1, Container(1), Container(2), Container(3)));
    }

    [Fact]
    public void What_differs_is_replaced()
    {
        Assert.Equal(["Recreate app-a-1"], Plan(1, Container(1, hash: "old")));
        Assert.Equal(["Recreate app-a-1"], Plan(1, Container(1, image: "sha256:old")));
        Assert.Equal(["Recreate app-a-1"], Plan(1, Container(1, network: "other")));
        Assert.Equal(["Start app-a-1"], Plan(1, Container(1, state: "exited")));
        Assert.Equal(["Rename app-a-1", "Keep app-a-1"], Plan(1, Container(1, name: "mine")));
    }

    [Fact]
    public void An_interrupted_exchange_is_finished()
    {
        Assert.Equal(["Remove app-a-1", "Rename app-a-1", "Start app-a-1"], Plan(1, Container(1, hash: "old"), Container(1, name: "0123_app-a-1", state: "created", replace: "x")));
        Assert.Equal(["Remove 0123_app-a-1", "Recreate app-a-1"], Plan(1, Container(1, hash: "old"), Container(1, hash: "older", name: "0123_app-a-1", state: "created", replace: "x")));
        Assert.Equal(["Rename app-a-1", "Start app-a-1"], Plan(1, Container(1, name: "0123_app-a-1", state: "created", replace: "x")));
    }

    private string[] Plan(int scale, params ObservedContainer[] present)
    {
        Project project = _sample.Load("name: app\nservices: {a: {image: x}}");
        Service service = project.Service("a");
        Target target = new(service, "h", "sha256:i", scale, new Dictionary<string, string> { ["app_default"] = "n" }, Recreation.Diverged);
        return [.. ServicePlan.Make(project, target, present).Select(s => $"{s.Kind} {s.Name}")];
    }

    private static ObservedContainer Container(int number, string hash = "h", string image = "sha256:i", string network = "n", string state = "running", string? name = null, string replace = "")
    {
        Dictionary<string, string> labels = new() { [Labels.Service] = "a", [Labels.Number] = $"{number}", [Labels.Hash] = hash, [Labels.Image] = image, [Labels.OneOff] = "False" };
        if (replace.Length > 0)
        {
            labels[Labels.Replace] = replace;
        }

        return new ObservedContainer(new ContainerSummary
        {
            Id = $"{number}{name}", Names = ["/" + (name ?? $"app-a-{number}")], State = state, Labels = labels,
            NetworkSettings = new ContainerSummaryNetworks { Networks = new Dictionary<string, EndpointSettings> { ["app_default"] = new() { NetworkID = network } } },
        });
    }
}
