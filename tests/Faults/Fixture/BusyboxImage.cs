using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;

namespace Slipway.Faults.Fixture;

/// <summary>A docker-archive with one image of one layer: the host's static busybox under the names that the tests call.</summary>
internal static class BusyboxImage
{
    private static readonly string[] Applets =
        ["sh", "true", "false", "cat", "echo", "sleep", "dd", "ls", "kill", "mkdir", "rm", "seq", "yes", "head", "tail", "wc", "sync", "id", "ps", "nc", "sha256sum", "stty", "grep", "touch",
        "hostname", "stat", "chmod", "chown", "ln", "env", "mount", "umount", "cut", "tty", "date", "readlink", "mknod", "ping", "ip", "wget", "httpd", "nslookup"];

    private static readonly Lazy<byte[]> _layer = new(() => Layer([]));

    /// <summary>The archive.</summary>
    /// <param name="name">The image's name with tag.</param>
    /// <param name="extra">Size in bytes of a file of random content in the layer, so that images differ and are large.</param>
    internal static Stream Archive(string name = "busybox:latest", int extra = 0)
    {
        var layer = extra == 0 ? _layer.Value : Layer(RandomNumberGenerator.GetBytes(extra));
        var diff = Convert.ToHexStringLower(SHA256.HashData(layer));
        var config = Encoding.UTF8.GetBytes(
            $$"""{"architecture":"amd64","os":"linux","config":{"Cmd":["sh"],"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:{{diff}}"] } }""");
        var configName = Convert.ToHexStringLower(SHA256.HashData(config)) + ".json";
        var archive = new MemoryStream();
        using (var tar = new TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            Add(tar, configName, config);
            Add(tar, "layer.tar", layer);
            Add(tar, "manifest.json", Encoding.UTF8.GetBytes($$"""[{"Config":"{{configName}}","RepoTags":["{{name}}"],"Layers":["layer.tar"]}]"""));
        }

        archive.Position = 0;
        return archive;
    }

    private static byte[] Layer(byte[] extra)
    {
        var layer = new MemoryStream();
        using (var tar = new TarWriter(layer, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var directory in (ReadOnlySpan<string>)["bin/", "etc/", "tmp/", "dev/", "proc/", "sys/", "root/"])
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.Directory, directory) { Mode = (UnixFileMode)0x1ed });
            }

            Add(tar, "bin/busybox", File.ReadAllBytes("/bin/busybox"));
            Add(tar, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"u8.ToArray());
            Add(tar, "etc/group", "root:x:0:\n"u8.ToArray());
            foreach (var applet in Applets)
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.SymbolicLink, "bin/" + applet) { LinkName = "busybox" });
            }

            if (extra.Length > 0)
            {
                Add(tar, "extra", extra);
            }
        }

        return layer.ToArray();
    }

    private static void Add(TarWriter tar, string name, byte[] content) =>
        tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { Mode = (UnixFileMode)0x1ed, DataStream = new MemoryStream(content) });
}
