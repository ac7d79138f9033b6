using Slipway.BuildClient.Files;
using Slipway.BuildKitApi.Grpc;

namespace Slipway.BuildClient.Services;

/// <summary>Takes results that come as files: a directory, or an archive.</summary>
/// <param name="outputs">The outputs in the order of the request.</param>
internal sealed class ReceivedResults(IReadOnlyList<BuildOption> outputs)
{
    /// <summary>Whether any comes.</summary>
    internal bool Any => outputs.Any(Comes);

    /// <summary>Whether an output comes to the client.</summary>
    internal static bool Comes(BuildOption output) => output.Type is "local" or "tar" or "oci" || (output.Type == "docker" && output.Options.ContainsKey("dest"));

    internal async Task ReceiveAsync(GrpcCall call)
    {
        var output = int.TryParse(call.Metadata("buildkit-attachable-exporter-id"), System.Globalization.CultureInfo.InvariantCulture, out var number) && number >= 0 && number < outputs.Count && Comes(outputs[number])
            ? outputs[number] : outputs.First(Comes);
        var place = output.Options.GetValueOrDefault("dest") ?? "-";
        call.Begin();
        if (output.Type == "local")
        {
            await new ReceiveDirectory(call, place).RunAsync().ConfigureAwait(false);
            return;
        }

        var input = new GrpcBytes(call.Messages);
        await using (input.ConfigureAwait(false))
        {
            var file = place == "-" ? Console.OpenStandardOutput() : new FileStream(place, FileMode.Create, FileAccess.Write);
            await using (file.ConfigureAwait(false))
            {
                await input.CopyToAsync(file, call.Gone).ConfigureAwait(false);
            }
        }
    }
}
