using System.Text;

namespace Slipway.LocalFiles;

/// <summary>Extended attributes and further names of files.</summary>
public static class LocalFile
{
    // What one list and one value can be at most (xattr(7)).
    private const int Most = 64 * 1024;

    /// <summary>An object's extended attributes; links are not followed. What cannot be read, or is gone, counts as absent.</summary>
    public static IReadOnlyList<KeyValuePair<string, byte[]>> Attributes(string path)
    {
        Span<byte> few = stackalloc byte[512];
        var length = FileCalls.List(path, few, few.Length);
        if (length == 0)
        {
            return [];
        }

        var names = length > 0 ? few[..(int)length] : new byte[Most];
        if (length < 0 && (length = FileCalls.List(path, names, Most)) <= 0)
        {
            return [];
        }

        var value = new byte[Most];
        var all = new List<KeyValuePair<string, byte[]>>();
        foreach (var name in Encoding.UTF8.GetString(names[..(int)length]).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            if (FileCalls.Get(path, name, value, Most) is var size and >= 0)
            {
                all.Add(KeyValuePair.Create(name, value[..(int)size]));
            }
        }

        return all;
    }

    /// <summary>Sets an extended attribute; links are not followed.</summary>
    /// <returns>False when the file system, or its owner, does not allow it.</returns>
    public static bool TrySetAttribute(string path, string name, ReadOnlySpan<byte> value) => FileCalls.Set(path, name, value, value.Length, 0) == 0;

    /// <summary>Gives a file another name.</summary>
    /// <exception cref="IOException">It cannot have it.</exception>
    public static void Link(string existing, string path)
    {
        if (FileCalls.Link(existing, path) != 0)
        {
            throw FileCalls.Failed(path);
        }
    }
}
