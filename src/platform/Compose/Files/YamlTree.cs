using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Slipway.Compose.Files;

/// <summary>Makes trees of YAML text. Anchors are shared, not copied, and everything has a limit.</summary>
public sealed class YamlTree
{
    /// <summary>Bytes a file may have.</summary>
    public const int MaxFileSize = 4 * 1024 * 1024;

    private const int MaxDepth = 64;
    private const int MaxNodes = 200_000;

    private static readonly HashSet<string> s_tags = new(new[] { "str", "int", "float", "bool", "null", "map", "seq", "binary" }.Select(t => "tag:yaml.org,2002:" + t), StringComparer.Ordinal);

    private readonly string _file;
    private readonly Parser _parser;
    private readonly Dictionary<string, (Node Node, int Size)> _anchors = new(StringComparer.Ordinal);
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);
    private int _nodes;

    private YamlTree(string file, string text) => (_file, _parser) = (file, new Parser(new Scanner(new StringReader(text), skipComments: true)));

    /// <summary>The documents of a file.</summary>
    /// <param name="file">Its path, for messages.</param>
    /// <param name="text">Its content.</param>
    /// <exception cref="ComposeException">No YAML, too large or too deep.</exception>
    public static IReadOnlyList<Node> Read(string file, string text)
    {
        if (text.Length > MaxFileSize)
        {
            throw new ComposeException(new Position(file, 1, 1), "", $"the file has more than {MaxFileSize / 1024 / 1024} MiB");
        }

        YamlTree tree = new(file, text);
        try
        {
            return tree.Documents();
        }
        catch (YamlException e)
        {
            throw new ComposeException(tree.Place(e.Start), "", "this is no YAML: " + e.Message);
        }
    }

    private List<Node> Documents()
    {
        List<Node> documents = [];
        while (_parser.MoveNext())
        {
            if (_parser.Current is DocumentStart)
            {
                _anchors.Clear();
                _parser.MoveNext();
                documents.Add(Value(0));
            }
        }

        return documents;
    }

    // On return the current event is the last one of the value.
    private Node Value(int depth)
    {
        ParsingEvent start = _parser.Current!;
        if (depth > MaxDepth)
        {
            throw new ComposeException(Place(start.Start), "", $"values are nested deeper than {MaxDepth}");
        }

        Count(1, start.Start);
        if (start is AnchorAlias alias)
        {
            return Anchored(alias);
        }

        string anchor = start is NodeEvent { Anchor.IsEmpty: false } named ? named.Anchor.Value : "";
        int before = _nodes;
        if (anchor.Length > 0)
        {
            _open.Add(anchor);
        }

        Node node = start switch
        {
            YamlDotNet.Core.Events.Scalar scalar => Single(scalar),
            SequenceStart list => List(list, depth),
            MappingStart map => Map(map, depth),
            _ => throw new ComposeException(Place(start.Start), "", "this is no value"),
        };
        if (anchor.Length > 0)
        {
            _open.Remove(anchor);
            _anchors[anchor] = (node, _nodes - before + 1);
        }

        return node;
    }

    private Node Anchored(AnchorAlias alias)
    {
        string name = alias.Value.Value;
        if (_open.Contains(name))
        {
            throw new ComposeException(Place(alias.Start), "", $"the anchor \"{name}\" contains itself");
        }

        if (!_anchors.TryGetValue(name, out (Node Node, int Size) anchored))
        {
            throw new ComposeException(Place(alias.Start), "", $"there is no anchor \"{name}\"");
        }

        // Each use counts as much as a copy: later steps walk the tree as if it were one.
        Count(anchored.Size, alias.Start);
        return anchored.Node;
    }

    private void Count(int more, Mark at)
    {
        _nodes = _nodes > MaxNodes - more
            ? throw new ComposeException(Place(at), "", $"the file has more than {MaxNodes} values, anchors counted where they are used")
            : _nodes + more;
    }

    private Scalar Single(YamlDotNet.Core.Events.Scalar scalar)
    {
        string? tag = Tag(scalar);
        bool plain = scalar.Style == ScalarStyle.Plain && tag is null or "!reset" or "!override";
        if (tag is "!reset" or "!override")
        {
            Scalar value = plain ? PlainScalar.Resolve(Place(scalar.Start), scalar.Value) : new Scalar(Place(scalar.Start), scalar.Value);
            return new Scalar(value.At, value.Text, value.Kind) { Tag = tag };
        }

        return plain || tag is "tag:yaml.org,2002:int" or "tag:yaml.org,2002:bool" or "tag:yaml.org,2002:float" or "tag:yaml.org,2002:null"
            ? PlainScalar.Resolve(Place(scalar.Start), scalar.Value) : new Scalar(Place(scalar.Start), scalar.Value);
    }

    private Sequence List(SequenceStart start, int depth)
    {
        List<Node> items = [];
        while (_parser.MoveNext() && _parser.Current is not SequenceEnd)
        {
            items.Add(Value(depth + 1));
        }

        return new Sequence(Place(start.Start), items) { Tag = Tag(start) };
    }

    private Mapping Map(MappingStart start, int depth)
    {
        Mapping map = new(Place(start.Start)) { Tag = Tag(start) };
        List<(Node Value, Position At)> merged = [];
        while (_parser.MoveNext() && _parser.Current is not MappingEnd)
        {
            Mark at = _parser.Current!.Start;
            if (Value(depth + 1) is not Scalar key)
            {
                throw new ComposeException(Place(at), "", "a key must be text");
            }

            _parser.MoveNext();
            Node value = Value(depth + 1);
            if (key.Text == "<<")
            {
                merged.Add((value, Place(at)));
            }
            else if (map.Has(key.Text))
            {
                throw new ComposeException(Place(at), key.Text, "this key is there twice");
            }
            else
            {
                map.Set(key.Text, value, Place(at));
            }
        }

        foreach ((Node value, Position at) in merged)
        {
            Merge(map, value, at);
        }

        return map;
    }

    // Keys of the mapping itself win over merged ones, and earlier merged ones over later.
    private void Merge(Mapping map, Node value, Position at)
    {
        switch (value)
        {
            case Mapping source:
                Count(source.Count, new Mark(0, at.Line, at.Column));
                foreach (Mapping.Entry entry in source.Entries.Where(e => !map.Has(e.Key)))
                {
                    map.Set(entry.Key, entry.Value, entry.At);
                }

                break;
            case Sequence list when list.Items.All(i => i is Mapping):
                foreach (Node item in list.Items)
                {
                    Merge(map, item, at);
                }

                break;
            default:
                throw new ComposeException(at, "<<", $"only mappings can be merged into a mapping, and this is {value.Noun}");
        }
    }

    private string? Tag(NodeEvent node)
    {
        if (node.Tag.IsEmpty || node.Tag.IsNonSpecific)
        {
            return null;
        }

        string tag = node.Tag.Value;
        return tag is "!reset" or "!override" || s_tags.Contains(tag) ? tag : throw new ComposeException(Place(node.Start), "", $"the tag {tag} is not known; there are !reset and !override");
    }

    private Position Place(Mark mark) => new(_file, (int)mark.Line, (int)mark.Column);
}
