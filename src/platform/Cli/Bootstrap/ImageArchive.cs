using System.Formats.Tar;
using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Slipway.Cli.Bootstrap;

/// <summary>An image of one layer, as the archive that every Docker engine loads (docker save's layout).</summary>
internal sealed class ImageArchive : IAsyncDisposable
{
    private readonly FileStream _layer;
    private readonly string _layerDigest;
    private readonly byte[] _config;
    private readonly IReadOnlyList<string> _tags;
    private readonly DateTimeOffset _time;

    /// <param name="layer">The layer's tar; closed with the archive.</param>
    /// <param name="layerDigest">Its digest.</param>
    /// <param name="command">What runs when nothing else is said.</param>
    /// <param name="comment">How the layer was made, for the image's history.</param>
    /// <param name="tags">Names with tags.</param>
    /// <param name="time">When the image counts as created.</param>
    public ImageArchive(FileStream layer, string layerDigest, string command, string comment, IReadOnlyList<string> tags, DateTimeOffset time)
    {
        (_layer, _layerDigest, _tags, _time) = (layer, layerDigest, tags, time);
        _config = Encoding.UTF8.GetBytes(Config(command, comment).ToJsonString());
        ImageId = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(_config));
    }

    /// <summary>The digest of the image's configuration.</summary>
    public string ImageId { get; }

    public async Task CopyToAsync(Stream target)
    {
        await using TarWriter tar = new(target, TarEntryFormat.Ustar, leaveOpen: true);
        string config = ImageId[7..] + ".json";
        string layer = _layerDigest[7..] + ".tar";
        JsonArray manifest = new(new JsonObject
        {
            ["Config"] = config,
            ["RepoTags"] = new JsonArray([.. _tags.Select(t => (JsonNode?)JsonValue.Create(t))]),
            ["Layers"] = new JsonArray(JsonValue.Create(layer)),
        });
        await WriteAsync(tar, "manifest.json", new MemoryStream(Encoding.UTF8.GetBytes(manifest.ToJsonString())));
        await WriteAsync(tar, config, new MemoryStream(_config));
        _layer.Position = 0;
        await WriteAsync(tar, layer, _layer);
    }

    /// <summary>The archive as it is made.</summary>
    public Stream OpenRead()
    {
        Pipe pipe = new();
        _ = Task.Run(async () =>
        {
            Exception? failure = null;
            try
            {
                await CopyToAsync(pipe.Writer.AsStream(leaveOpen: true));
            }
            catch (Exception e)
            {
                failure = e;
            }

            await pipe.Writer.CompleteAsync(failure);
        });
        return pipe.Reader.AsStream();
    }

    public ValueTask DisposeAsync() => _layer.DisposeAsync();

    private async Task WriteAsync(TarWriter tar, string name, Stream content) =>
        await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, name)
        {
            DataStream = content,
            ModificationTime = _time,
            Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
        });

    private JsonObject Config(string command, string comment)
    {
        string created = _time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return new JsonObject
        {
            ["architecture"] = RuntimeInformation.ProcessArchitecture switch
            {
                Architecture.X64 => "amd64",
                Architecture.X86 => "386",
                var other => other.ToString().ToLowerInvariant(),
            },
            ["config"] = new JsonObject
            {
                ["Cmd"] = new JsonArray(JsonValue.Create(command)),
                ["Env"] = new JsonArray(JsonValue.Create("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")),
            },
            ["created"] = created,
            ["history"] = new JsonArray(new JsonObject { ["created"] = created, ["created_by"] = comment }),
            ["os"] = "linux",
            ["rootfs"] = new JsonObject { ["diff_ids"] = new JsonArray(JsonValue.Create(_layerDigest)), ["type"] = "layers" },
        };
    }
}
