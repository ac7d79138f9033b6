namespace Slipway.Compose.Files;

/// <summary>Carries out <c>extends</c>: lays each service over the one it names, in the same file or another.</summary>
/// <param name="read">The documents of another file, in their long form, and where it is named.</param>
internal sealed class Extension(Func<string, Position, IReadOnlyList<Mapping>> read)
{
    private const int MaxChain = 32;
    private readonly Dictionary<string, Mapping> _files = new(StringComparer.Ordinal);

    /// <summary>The document without <c>extends</c>.</summary>
    /// <param name="document">A document in its long form.</param>
    /// <param name="file">Its path.</param>
    public Mapping Apply(Mapping document, string file)
    {
        if (document.Map("services") is not { } services || !services.Entries.Any(e => e.Value is Mapping s && s.Has("extends")))
        {
            return document;
        }

        _files[file] = document;
        Mapping result = new(services.At) { Tag = services.Tag };
        foreach (Mapping.Entry entry in services.Entries)
        {
            result.Set(entry.Key, entry.Value is Mapping service ? Service(service, file, [$"{file}:{entry.Key}"]) : entry.Value, entry.At);
        }

        return document.Copy().Set("services", result);
    }

    private Mapping Service(Mapping service, string file, IReadOnlyList<string> chain)
    {
        if (service["extends"] is not Mapping extends)
        {
            return service;
        }

        string source = extends.Text("file") ?? file;
        string name = extends.Text("service") ?? throw new ComposeException(extends.At, "extends", "the key \"service\" is missing");
        string link = $"{source}:{name}";
        if (chain.Contains(link) || chain.Count > MaxChain)
        {
            throw new ComposeException(extends.At, "extends", $"services extend each other in a circle: {string.Join(" -> ", chain.Append(link))}");
        }

        Mapping document = Document(source, extends.At);
        Mapping found = document.Map("services").Map(name)
            ?? throw new ComposeException(extends.At, "extends", $"there is no service \"{name}\" in {source}" + (NearestKey.Of(name, document.Map("services")?.Keys ?? []) is { } near ? $"; did you mean \"{near}\"?" : ""));
        return Merge.Services(Service(found, source, [.. chain, link]), service).Remove("extends");
    }

    private Mapping Document(string file, Position at)
    {
        if (!_files.TryGetValue(file, out Mapping? document))
        {
            document = new Mapping(at);
            foreach (Mapping part in read(file, at))
            {
                document = Merge.Documents(document, part);
            }

            _files[file] = document;
        }

        return document;
    }
}
