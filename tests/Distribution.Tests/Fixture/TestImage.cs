using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Slipway.Oci;

namespace Slipway.Distribution.Tests.Fixture;

/// <summary>A small image made for a test: gzip layers, config, manifest.</summary>
internal sealed class TestImage
{
    internal TestImage(params IReadOnlyList<byte[]> plainLayers)
    {
        Layers = [.. plainLayers.Select(Pack)];
        var diffIds = string.Join(',', plainLayers.Select(layer => $"\"{Digest.Of(layer)}\""));
        Config = Encoding.UTF8.GetBytes($$"""{"architecture":"{{Platform.Host.Architecture}}","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[{{diffIds}}]} }""");
        Manifest = Describe(Layers.Select(layer => (Digest.Of(layer).ToString(), (long)layer.Length)));
    }

    internal IReadOnlyList<byte[]> Layers { get; }

    internal byte[] Config { get; set; }

    internal byte[] Manifest { get; set; }

    /// <summary>A layer with one file of noise, which does not get smaller.</summary>
    internal static byte[] Layer(string name, int size, int seed)
    {
        var content = new byte[size];
        new Random(seed).NextBytes(content);
        return Tar((name, content));
    }

    internal static byte[] Tar(params IReadOnlyList<(string Name, byte[] Content)> files)
    {
        using var buffer = new MemoryStream();
        using (var tar = new TarWriter(buffer, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        return buffer.ToArray();
    }

    internal byte[] Describe(IEnumerable<(string Digest, long Size)> layers, string extra = "", string type = MediaTypes.OciManifest) => Encoding.UTF8.GetBytes(
        $$"""{"schemaVersion":2,"mediaType":"{{type}}","config":{"mediaType":"{{MediaTypes.OciConfig}}","digest":"{{Digest.Of(Config)}}","size":{{Config.Length}}},"layers":[{{string.Join(',', layers.Select(layer => $$"""{"mediaType":"{{MediaTypes.OciLayerGzip}}","digest":"{{layer.Digest}}","size":{{layer.Size}}}"""))}}]{{extra}}}""");

    private static byte[] Pack(byte[] plain)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(plain);
        }

        return buffer.ToArray();
    }
}
