using System.Text.Json.Nodes;

namespace Slipway.Cli.Output;

/// <summary>Adds up how much of an image's layers has been transferred, out of the engine's messages about each of them.</summary>
internal sealed class LayerTotals
{
    private readonly Dictionary<string, (double Current, double Total)> _layers = new(StringComparer.Ordinal);

    /// <summary>Takes a message in; the sum as <c>12.3MB/45.6MB</c>, or null when the message tells nothing about it.</summary>
    public string? Add(JsonNode message)
    {
        string layer = message.Text("id");
        JsonObject? detail = message.Object("progressDetail");
        switch (message.Text("status"))
        {
            case "Downloading" or "Pushing" when detail.Double("total") > 0:
                _layers[layer] = (detail.Double("current"), detail.Double("total"));
                break;
            case "Download complete" or "Pushed" when _layers.TryGetValue(layer, out (double Current, double Total) known):
                _layers[layer] = (known.Total, known.Total);
                break;
            default:
                return null;
        }

        return $"{Units.Size(_layers.Values.Sum(l => l.Current), 3)}/{Units.Size(_layers.Values.Sum(l => l.Total), 3)}";
    }
}
