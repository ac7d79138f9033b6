using System.Diagnostics;
using Slipway.DockerApi;
using Slipway.Oci;

namespace Slipway.Distribution.Fetching;

/// <summary>Says what a pull does in Docker's messages. Numbers of bytes come at most ten times a second and layer.</summary>
internal sealed class PullProgress(Action<JsonMessage>? report)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(100);
    private static readonly ProgressDetail s_none = new();

    internal void Line(string status, string? id = null) => report?.Invoke(new JsonMessage { Status = status, Id = id });

    internal void Layer(Descriptor layer, string status) =>
        report?.Invoke(new JsonMessage { Status = status, ProgressDetail = s_none, Id = layer.Digest.Short });

    /// <summary>A listener for the transfer of one layer.</summary>
    internal Action<FlightNews> Follow(Descriptor layer)
    {
        var last = long.MinValue;
        var gate = new Lock();
        var downloading = false;
        return news =>
        {
            lock (gate)
            {
                switch (news.Stage)
                {
                    case FlightStage.Waiting:
                        Layer(layer, "Waiting");
                        break;
                    case FlightStage.Downloading when !downloading || Stopwatch.GetElapsedTime(last) >= s_interval:
                        (last, downloading) = (Stopwatch.GetTimestamp(), true);
                        Bytes(layer, "Downloading", news.Number);
                        break;
                    case FlightStage.Pausing:
                        Layer(layer, $"Retrying in {news.Number} second{(news.Number == 1 ? "" : "s")}");
                        break;
                    case FlightStage.Verifying:
                        Layer(layer, "Verifying Checksum");
                        break;
                    case FlightStage.Done:
                        Layer(layer, "Download complete");
                        break;
                }
            }
        };
    }

    internal void Bytes(Descriptor layer, string status, long current) => report?.Invoke(new JsonMessage
    {
        Status = status,
        ProgressDetail = new ProgressDetail { Current = current, Total = layer.Size },
        Progress = ProgressBar.Draw(current, layer.Size),
        Id = layer.Digest.Short,
    });
}
