using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Slipway.Engine.Tests.Layers;
using Slipway.Oci;

namespace Slipway.Engine.Tests.Images;

/// <summary>Small image archives for tests.</summary>
internal static class Archives
{
    internal static byte[] Config(params byte[][] layers) => Encoding.UTF8.GetBytes(
        "{\"architecture\":\"" + Platform.Host.Architecture + "\",\"os\":\"linux\",\"created\":\"2024-01-02T03:04:05Z\",\"config\":{\"Cmd\":[\"/bin/sh\"],\"Env\":[\"PATH=/bin\"]},\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
        + string.Join(',', layers.Select(layer => $"\"{Digest.Of(layer)}\"")) + "]},\"history\":[{\"created\":\"2024-01-02T03:04:05Z\",\"created_by\":\"test\"}]}");

    /// <summary>As docker save of 20.10 writes it.</summary>
    internal static byte[] Docker(string[] tags, params byte[][] layers)
    {
        var config = Config(layers);
        var tar = new TarBytes();
        for (var i = 0; i < layers.Length; i++)
        {
            tar.Dir($"layer{i}/").File($"layer{i}/VERSION", "1.0").File($"layer{i}/layer.tar", layers[i]);
        }

        tar.File($"{Digest.Of(config).Hex}.json", config);
        return tar.File("manifest.json", ManifestJson($"{Digest.Of(config).Hex}.json", tags, [.. layers.Select((_, i) => $"layer{i}/layer.tar")])).End();
    }

    internal static string ManifestJson(string config, string[] tags, string[] layers) =>
        $"[{{\"Config\":\"{config}\",\"RepoTags\":{Strings(tags)},\"Layers\":{Strings(layers)}}}]";

    internal static byte[] Gzip(byte[] data)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(data);
        }

        return packed.ToArray();
    }

    private static string Strings(string[] values) => "[" + string.Join(',', values.Select(value => $"\"{JsonEncodedText.Encode(value)}\"")) + "]";
}
