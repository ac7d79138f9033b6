using System.Formats.Tar;
using Slipway.DockerApi;
using Slipway.Engine.Containers;
using Slipway.Engine.Files;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Files;

/// <summary>Views of directories as if they were containers, and archives for them.</summary>
internal static class Views
{
    internal static ContainerRecord Record(bool readOnly = false, string user = "", params ContainerMount[] mounts) => new()
    {
        Id = new string('a', 64),
        Name = "box",
        Created = DateTimeOffset.UnixEpoch,
        Config = new ContainerConfig { User = user },
        HostConfig = new HostConfig { ReadonlyRootfs = readOnly },
        Mounts = mounts,
    };

    internal static ContainerView Of(string directory, ContainerRecord? record = null) => new(SafePath.Open(directory), record ?? Record(), () => { });

    internal static async Task<List<TarEntry>> GetAsync(ContainerView view, string path)
    {
        using var output = new MemoryStream();
        await new ContainerArchive(view, ArchivePath.Find(view.Root, path, "box")).WriteToAsync(output, default);
        return Read(output);
    }

    internal static List<TarEntry> Read(MemoryStream archive)
    {
        archive.Position = 0;
        var reader = new TarReader(archive);
        var entries = new List<TarEntry>();
        while (reader.GetNextEntry(copyData: true) is { } entry)
        {
            entries.Add(entry);
        }

        return entries;
    }

    internal static Task PutAsync(ContainerView view, string path, Stream body, bool noOverwrite = false, bool copyUidGid = false) =>
        PutArchive.RunAsync(view, path, body, new PutOptions(noOverwrite, copyUidGid), default);

    internal static MemoryStream Tar(params TarEntry[] entries)
    {
        var archive = new MemoryStream();
        using (var writer = new System.Formats.Tar.TarWriter(archive, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var entry in entries)
            {
                writer.WriteEntry(entry);
            }
        }

        archive.Position = 0;
        return archive;
    }

    internal static PaxTarEntry File(string name, string content, UnixFileMode mode = UnixFileMode.UserRead) =>
        new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(content)), Mode = mode, Uid = 3, Gid = 4 };

    internal static PaxTarEntry Link(TarEntryType type, string name, string target) => new(type, name) { LinkName = target };

    internal static PaxTarEntry Dir(string name) => new(TarEntryType.Directory, name) { Mode = (UnixFileMode)0x1ED };
}
