using System.Formats.Tar;
using Slipway.Cli.Streams;
using Slipway.LocalFiles;

namespace Slipway.Cli.Tests;

public sealed class TarSourceTests
{
    [Theory]
    [InlineData("", "a")]
    [InlineData("top", "top/a")]
    public void Further_names_of_a_file_are_links_to_its_first(string name, string first)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("slipway-tar-");
        try
        {
            string At(string path) => Path.Combine(directory.FullName, path);
            File.WriteAllText(At("a"), "content");
            File.WriteAllText(At("alone"), "content");
            LocalFile.Link(At("a"), At("b"));
            using TarReader tar = new(TarSource.Tree(directory.FullName, name));
            Dictionary<string, (TarEntryType, string)> entries = [];
            while (tar.GetNextEntry() is { } entry)
            {
                entries[Path.GetFileName(entry.Name.TrimEnd('/'))] = (entry.EntryType, entry.LinkName);
            }

            Assert.Equal((TarEntryType.RegularFile, ""), entries["a"]);
            Assert.Equal((TarEntryType.RegularFile, ""), entries["alone"]);
            Assert.Equal((TarEntryType.HardLink, first), entries["b"]);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}
