namespace Slipway.Packs.Sources;

/// <summary>What git would leave out of a directory: its <c>.gitignore</c> and those below (gitignore(5)). Ask parents before what is in them.</summary>
public sealed class GitIgnore
{
    private const string Name = ".gitignore";
    private const int LargestFile = 1024 * 1024;
    private readonly IgnoreRules _rules = new();
    private readonly string _root;

    /// <param name="root">The directory.</param>
    public GitIgnore(string root)
    {
        _root = root;
        Read("");
    }

    /// <summary>Whether a path relative to the directory is left out; what is below a directory that is left out need not be asked for.</summary>
    public bool Leaves(string path, bool directory)
    {
        if (path == ".git" || path.EndsWith("/.git", StringComparison.Ordinal) || _rules.Ignores(path, directory))
        {
            return true;
        }

        if (directory)
        {
            Read(path + "/");
        }

        return false;
    }

    private void Read(string prefix)
    {
        var file = new FileInfo(Path.Combine(_root, prefix, Name));
        if (file.Exists && file.Length <= LargestFile)
        {
            _rules.Add(prefix, File.ReadAllText(file.FullName), anchored: false);
        }
    }
}
