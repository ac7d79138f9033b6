namespace Slipway.Compose.Files;

/// <summary>Reads files into one merged document in its long form, with what they include and extend.</summary>
/// <param name="options">What to read.</param>
/// <param name="gate">Which files may be read.</param>
internal sealed class DocumentLoader(LoadOptions options, FileGate gate)
{
    private const int MaxIncludes = 100;
    private readonly HashSet<string> _missing = new(StringComparer.Ordinal);
    private int _files;

    /// <summary>Files laid over one another.</summary>
    /// <param name="files">Paths and contents, the lowest first.</param>
    /// <param name="paths">Where their relative paths begin.</param>
    /// <param name="variable">Variables that are put in.</param>
    /// <param name="open">Files whose inclusion is under way.</param>
    public Mapping Load(IEnumerable<(string Path, string Text)> files, ProjectPaths paths, Func<string, string?> variable, IReadOnlyList<string> open)
    {
        Mapping? merged = null;
        foreach ((string path, string text) in files)
        {
            if (++_files > MaxIncludes)
            {
                throw new ComposeException(new Position(path, 1, 1), "", $"the application has more than {MaxIncludes} files");
            }

            foreach (Mapping document in Documents(path, text, paths, variable))
            {
                Mapping whole = Included(document, paths, variable, [.. open, path]);
                merged = merged is null ? Merge.Clean(whole) : Merge.Documents(merged, whole);
            }
        }

        return merged ?? throw new ComposeException("empty compose file");
    }

    private List<Mapping> Documents(string path, string text, ProjectPaths paths, Func<string, string?> variable)
    {
        Extension extension = new((file, at) => [.. YamlTree.Read(file, gate.Read(file, at, "extends")).Where(n => !n.IsNull)
            .Select(n => Long(n, new ProjectPaths(Path.GetDirectoryName(file)!, paths.Home) { AsWritten = paths.AsWritten }, variable))]);
        List<Mapping> documents = [];
        foreach (Node node in YamlTree.Read(path, text).Where(n => !n.IsNull))
        {
            documents.Add(extension.Apply(Long(node, paths, variable), path));
        }

        return documents.Count > 0 ? documents : throw new ComposeException(new Position(path, 1, 1), "", "the file is empty");
    }

    private Mapping Long(Node node, ProjectPaths paths, Func<string, string?> variable)
    {
        if (node is not Mapping document)
        {
            throw new ComposeException(node.At, "", $"an application must be a mapping, and this is {node.Noun}");
        }

        if (options.Variables is { } told)
        {
            VariableUse.Find(document, told);
        }

        if (options.Interpolate)
        {
            document = (Mapping)new Interpolation(variable, Missing).Apply(document);
        }

        Schema.Check(document);
        return new Canonical(paths).Document(document);
    }

    private void Missing(string name)
    {
        if (_missing.Add(name))
        {
            options.Warn($"The \"{name}\" variable is not set. Defaulting to a blank string.");
        }
    }

    private Mapping Included(Mapping document, ProjectPaths paths, Func<string, string?> variable, IReadOnlyList<string> open)
    {
        Mapping result = document.Copy().Remove("include");
        foreach (Node item in document.Items("include"))
        {
            Mapping part = Include(item, paths, variable, open);
            foreach (Mapping.Entry group in part.Entries.Where(e => e.Value is Mapping && !e.Key.StartsWith("x-", StringComparison.Ordinal)))
            {
                result.Set(group.Key, Joined(result.Map(group.Key), (Mapping)group.Value, group.Key, item.At));
            }
        }

        return result;
    }

    // A resource of an included file may be there again only if it says the same; a service may not.
    private static Mapping Joined(Mapping? own, Mapping included, string group, Position at)
    {
        Mapping result = included.Copy();
        foreach (Mapping.Entry entry in own?.Entries ?? [])
        {
            if (result.Has(entry.Key) && !Same(result[entry.Key]!, entry.Value))
            {
                throw new ComposeException(at, $"{group}.{entry.Key}", $"what is included has this too ({result[entry.Key]!.At})");
            }

            result.Set(entry.Key, entry.Value, entry.At);
        }

        return result;
    }

    private static bool Same(Node a, Node b) => (a, b) switch
    {
        (Scalar x, Scalar y) => x.Text == y.Text && x.Kind == y.Kind,
        (Sequence x, Sequence y) => x.Items.Count == y.Items.Count && x.Items.Zip(y.Items).All(p => Same(p.First, p.Second)),
        (Mapping x, Mapping y) => x.Count == y.Count && x.Entries.All(e => y[e.Key] is { } other && Same(e.Value, other)),
        _ => false,
    };

    private Mapping Include(Node item, ProjectPaths paths, Func<string, string?> variable, IReadOnlyList<string> open)
    {
        Mapping settings = item as Mapping ?? new Mapping(item.At).Set("path", item);
        IReadOnlyList<string> files = [.. Texts(settings["path"]).Select(paths.Resolve)];
        if (files.FirstOrDefault(open.Contains) is { } again)
        {
            throw new ComposeException(item.At, "include", $"{again} includes itself: {string.Join(" -> ", open.Append(again))}");
        }

        string directory = settings.Text("project_directory") is { } given ? paths.Resolve(given) : Path.GetDirectoryName(files.Count > 0 ? files[0] : paths.Directory)!;
        IReadOnlyList<string> envFiles = [.. Texts(settings["env_file"]).Select(paths.Resolve)];
        Dictionary<string, string> own = new(StringComparer.Ordinal);
        foreach (string file in envFiles.Count > 0 ? envFiles : [.. new[] { Path.Combine(directory, ".env") }.Where(File.Exists)])
        {
            foreach ((string name, string value) in EnvFile.Read(file, gate.Read(file, item.At, "include"), variable))
            {
                own[name] = value;
            }
        }

        return Load(files.Select(f => (f, gate.Read(f, item.At, "include"))), new ProjectPaths(directory, paths.Home) { AsWritten = paths.AsWritten }, name => variable(name) ?? own.GetValueOrDefault(name), open);
    }

    private static IEnumerable<string> Texts(Node? node) => node is Sequence list ? list.Items.Select(i => i.Text() ?? "") : node.Text() is { } text ? [text] : [];
}
