using Slipway.Build.Dockerfile;
using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary><c>COPY</c> and <c>ADD</c> as an operation.</summary>
internal static class CopyMaker
{
    private const int FileMode = 0b110_100_100;
    private const int DownloadMode = 0b110_000_000;

    internal static void Make(StageSteps steps, CopyInstruction copy, StagePlan?[] sources)
    {
        var from = sources.Length > 0 ? sources[0] : null;
        if (from is { Walked: false })
        {
            throw new SyntaxFault(
                $"cannot copy from stage {GoText.Quote(copy.From)}, it needs to be defined before current stage {GoText.Quote(steps.Plan.Title)}",
                FaultNumber.Stages, copy.From);
        }

        var words = copy.Sources.Select(word => steps.Expand(word, copy)).ToList();
        var destination = steps.Expand(copy.Destination, copy);
        var (owner, mode) = (steps.Expand(copy.Chown, copy), steps.Expand(copy.Chmod, copy));
        var checksum = steps.Expand(copy.Checksum, copy);
        CheckMode(mode);
        CheckChecksum(checksum, words);
        var upper = copy.Keyword == Keyword.Add ? "ADD" : "COPY";
        var title = StepTitle.Next(steps.Context, steps.Plan, $"{upper}{Title(steps, copy)}", steps.Platform, steps.IsTrigger);
        var list = words.Select(word => Source(steps, copy, word, from, checksum, title))
            .Concat(copy.Contents.Select(heredoc => Inline(steps, copy, heredoc))).ToList();
        steps.Push(
            new CopyStep
            {
                Name = title, Stage = steps.Name, Source = copy.Span, Platform = steps.Platform, IgnoreCache = steps.Plan.IgnoreCache,
                Input = steps.State, Sources = list, Destination = UnixPath.JoinDestination(steps.Directory, destination),
                Owner = owner.Length > 0 ? owner : null, Mode = mode.Length > 0 ? mode : null, Link = copy.Link, Parents = copy.Parents,
                Excludes = [.. copy.Excludes.Select(pattern => steps.Expand(pattern, copy))], IsAdd = copy.Keyword == Keyword.Add,
            },
            upper + (copy.Parents ? " --parents" : "") + (owner.Length > 0 ? $" --chown={owner}" : "") + (mode.Length > 0 ? $" --chmod={mode}" : "")
                + string.Concat(words.Select(word => " " + word)) + string.Concat(copy.Contents.Select(heredoc => " <<" + heredoc.Name))
                + " " + destination);
    }

    // The instruction as written, variables replaced, without its name.
    private static string Title(StageSteps steps, CopyInstruction copy)
    {
        var text = copy.Text.Trim()[copy.Name.Length..];
        try
        {
            return steps.Context.Expander.Expand(text, steps.Plan.Variables.Get).Text;
        }
        catch (SyntaxFault)
        {
            return text;
        }
    }

    private static CopySource Source(
        StageSteps steps, CopyInstruction copy, string word, StagePlan? from, string checksum, string title)
    {
        var add = copy.Keyword == Keyword.Add;
        if (GitReference.Parse(word) is { } git)
        {
            return add
                ? new CopySource { From = Git(steps, copy, git, checksum, title), Path = "/", Wildcards = false }
                : throw new SyntaxFault("source can't be a git ref for COPY", FaultNumber.Arguments, word);
        }

        if (IsAddress(word))
        {
            return add ? Download(steps, copy, word, checksum, title) : throw new SyntaxFault("source can't be a URL for COPY", FaultNumber.Arguments, word);
        }

        var path = copy.Parents ? Pivot(word) : UnixPath.Join("/", word);
        if (from is null)
        {
            LintIgnored(steps, copy, word, path);
        }

        return new CopySource
        {
            From = from?.State ?? steps.Context.Local("context", path.Replace("/./", "/", StringComparison.Ordinal), steps.Platform),
            Path = path, Unpack = copy.Unpack ?? add,
        };
    }

    // Exceptions make it impossible to know without the files.
    private static void LintIgnored(StageSteps steps, CopyInstruction copy, string word, string path)
    {
        if (steps.Context.Options.Ignore is { IsEmpty: false, HasExceptions: false } ignore && path != "/" && ignore.Excludes(path.AsSpan(1)))
        {
            steps.Context.Lint.Report(
                LintRule.CopyIgnoredFile, copy.Span,
                $"Attempting to {(copy.Keyword == Keyword.Add ? "Add" : "Copy")} file {GoText.Quote(word)} that is excluded by .dockerignore",
                copy.Check);
        }
    }

    private static bool IsAddress(string word) =>
        word.StartsWith("http://", StringComparison.Ordinal) || word.StartsWith("https://", StringComparison.Ordinal);

    // "/./" in a source of --parents marks where the part that is kept begins.
    private static string Pivot(string word)
    {
        var pivot = word.IndexOf("/./", StringComparison.Ordinal);
        if (pivot < 0)
        {
            return word.StartsWith("./", StringComparison.Ordinal) ? "/." + UnixPath.Join("/", word[2..]) : UnixPath.Join("/", word);
        }

        var parent = UnixPath.Join("/", word[..pivot]);
        return (parent == "/" ? "" : parent) + "/." + UnixPath.Join("/", word[(pivot + 3)..]);
    }

    private static CopySource Inline(StageSteps steps, CopyInstruction copy, Heredoc heredoc)
    {
        var content = heredoc.FileContent;
        if (heredoc.Expand)
        {
            var expander = new WordExpander { IgnoreQuotes = true };
            content = steps.Report(expander.Expand(content, steps.Plan.Variables.Get), copy).Text;
        }

        return new() { Path = heredoc.Name, Content = content, Wildcards = false, DefaultMode = FileMode };
    }

    private static GitSource Git(StageSteps steps, CopyInstruction copy, GitReference git, string checksum, string title)
    {
        if (copy.KeepGitDir is { } flag && git.KeepGitDir is { } query && flag != query)
        {
            throw new SyntaxFault("inconsistent keep-git-dir configuration", FaultNumber.Flags, "--keep-git-dir");
        }

        if (checksum.Length > 0 && git.Checksum is not null && checksum != git.Checksum)
        {
            throw new SyntaxFault($"checksum mismatch {GoText.Quote(checksum)} != {GoText.Quote(git.Checksum)}", FaultNumber.Flags, "--checksum");
        }

        return new GitSource
        {
            Name = title, Stage = steps.Name, Source = copy.Span, Platform = steps.Platform, IgnoreCache = steps.Plan.IgnoreCache,
            Remote = git.Remote, Ref = git.Ref, Subdirectory = git.Subdirectory,
            KeepGitDirectory = git.KeepGitDir ?? copy.KeepGitDir ?? false, Checksum = git.Checksum ?? (checksum.Length > 0 ? checksum : null),
        };
    }

    private static CopySource Download(StageSteps steps, CopyInstruction copy, string word, string checksum, string title)
    {
        Digest? digest = null;
        if (checksum.Length > 0)
        {
            digest = Digest.TryParse(checksum, out var value)
                ? value
                : throw new SyntaxFault("invalid checksum digest format", FaultNumber.Flags, checksum);
        }

        var name = Uri.TryCreate(word, UriKind.Absolute, out var address) ? UnixPath.Base(Uri.UnescapeDataString(address.AbsolutePath)) : "/";
        name = name is "/" or "." or ".." || name.Contains('/', StringComparison.Ordinal) ? "__unnamed__" : name;
        var source = new HttpSource
        {
            Name = title, Stage = steps.Name, Source = copy.Span, Platform = steps.Platform, IgnoreCache = steps.Plan.IgnoreCache,
            Url = word, FileName = name, Checksum = digest,
        };
        return new() { From = source, Path = "/" + name, Unpack = copy.Unpack ?? false, Wildcards = false, DefaultMode = DownloadMode };
    }

    private static void CheckChecksum(string checksum, List<string> words)
    {
        if (checksum.Length == 0)
        {
            return;
        }

        if (words.Count != 1)
        {
            throw new SyntaxFault("checksum can't be specified for multiple sources", FaultNumber.Flags, "--checksum");
        }

        if (!IsAddress(words[0]) && GitReference.Parse(words[0]) is null)
        {
            throw new SyntaxFault("checksum requires HTTP(S) or Git sources", FaultNumber.Flags, "--checksum");
        }
    }

    private static void CheckMode(string mode)
    {
        if (mode.Length > 0 && !(mode.All(char.IsAsciiDigit) ? IsOctal(mode) : IsSymbolic(mode)))
        {
            throw new SyntaxFault(
                $"invalid chmod parameter: '{mode}'. it should be octal string and between 0 and 07777", FaultNumber.Flags, mode);
        }
    }

    private static bool IsOctal(string mode) =>
        mode.TrimStart('0').Length <= 4 && mode.All(digit => digit is >= '0' and <= '7');

    // [ugoa]*([-+=]([rwxXst]*|[ugo]))+ parted by commas (chmod(1)).
    private static bool IsSymbolic(string mode) => mode.Split(',').All(clause =>
    {
        var rest = clause.AsSpan().TrimStart("ugoa");
        return !rest.IsEmpty && rest[0] is '+' or '-' or '=' && !rest.ContainsAnyExcept("+-=rwxXstugo");
    });
}
