namespace Slipway.Build.Dockerfile;

/// <summary>Reads <c>COPY</c> and <c>ADD</c>.</summary>
internal static class CopyReader
{
    internal static CopyInstruction Read(Parts part)
    {
        var add = part.Keyword == Keyword.Add;
        var words = ArgumentSplitter.Json(part.Rest) ?? ArgumentSplitter.Blanks(part.Rest);
        if (words.Count < 2)
        {
            throw new SyntaxFault(
                $"{part.Upper} requires at least two arguments, but only one was provided. Destination could not be determined.",
                FaultNumber.Arguments, words.Count == 0 ? part.Name : words[0]);
        }

        var flags = add
            ? new FlagSet(part.Flags, "chown", "chmod", "link!", "keep-git-dir!", "checksum", "exclude*", "unpack!")
            : new FlagSet(part.Flags, "chown", "chmod", "from", "link!", "parents!", "exclude*");
        if (Heredoc.Parse(words[^1]) is not null)
        {
            throw new SyntaxFault($"{part.Upper} cannot accept a heredoc as a destination", FaultNumber.Arguments, words[^1]);
        }

        var (sources, contents) = Sources(part, words);
        return new()
        {
            Keyword = part.Keyword, Name = part.Name, Text = part.Line.Text, Span = part.Span, Check = part.Line.Check,
            Sources = sources, Contents = contents, Destination = words[^1], From = flags["from"] ?? "", Chown = flags["chown"] ?? "",
            Chmod = flags["chmod"] ?? "", Checksum = flags["checksum"] ?? "", Link = flags.Switch("link") ?? false,
            Parents = flags.Switch("parents") ?? false, KeepGitDir = flags.Switch("keep-git-dir"), Unpack = flags.Switch("unpack"),
            Excludes = flags.All("exclude"),
        };
    }

    private static (List<string> Sources, List<Heredoc> Contents) Sources(Parts part, List<string> words)
    {
        var (sources, contents) = (new List<string>(), new List<Heredoc>());
        foreach (var word in words.SkipLast(1))
        {
            if (part.Line.Heredocs.Count > 0 && Heredoc.Parse(word) is { } named
                && part.Line.Heredocs.Find(heredoc => heredoc.Name == named.Name) is { } heredoc)
            {
                contents.Add(heredoc);
            }
            else
            {
                sources.Add(word);
            }
        }

        return (sources, contents);
    }
}
