namespace Slipway.Platform.Secrets;

/// <summary>Files that only this user reads, from their first byte on.</summary>
internal static class PrivateFile
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Writes a file, all of it or nothing.</summary>
    internal static void Write(string path, string text)
    {
        var staged = path + ".new";
        File.Delete(staged);
        using (var file = new FileStream(staged, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Mode }))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }

        File.Move(staged, path, overwrite: true);
    }

    /// <summary>Makes a directory that only this user enters.</summary>
    internal static string Directory(string path) =>
        System.IO.Directory.CreateDirectory(path, Mode | UnixFileMode.UserExecute).FullName;
}
