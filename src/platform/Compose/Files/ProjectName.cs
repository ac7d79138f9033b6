namespace Slipway.Compose.Files;

/// <summary>The name of a project: lower-case letters, digits, dashes and underscores.</summary>
internal static class ProjectName
{
    public static string FromDirectory(string directory)
    {
        string name = new([.. Path.GetFileName(directory.TrimEnd('/')).ToLowerInvariant().Where(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_')]);
        return name.TrimStart('-', '_');
    }

    /// <summary>The name that the last file to say one says, or null.</summary>
    public static string? FromFiles(IEnumerable<(string Path, string Text)> files, Func<string, string?> variable)
    {
        string? name = null;
        foreach ((string path, string text) in files)
        {
            foreach (Scalar scalar in YamlTree.Read(path, text).OfType<Mapping>().Select(d => d["name"]).OfType<Scalar>())
            {
                name = new Interpolation(variable).Apply(scalar, "name").Text() is { Length: > 0 } found ? found : name;
            }
        }

        return name;
    }

    public static string Check(string name)
    {
        bool valid = name.Length > 0 && (char.IsAsciiLetterLower(name[0]) || char.IsAsciiDigit(name[0]))
            && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');
        return valid ? name : throw new ComposeException(name.Length == 0 ? "project name must not be empty"
            : $"invalid project name \"{name}\": must consist only of lowercase alphanumeric characters, hyphens, and underscores as well as start with a letter or number");
    }
}
