using System.Globalization;
using Slipway.Build.Dockerfile;
using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary>What the parts of graph making share: the file, the request, arguments of the whole file, warnings, and the local contexts.</summary>
internal sealed class GraphContext
{
    private readonly Dictionary<string, LocalSource> locals = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HashSet<string>> followed = new(StringComparer.Ordinal);

    internal GraphContext(ParsedDockerfile file, GraphOptions options)
    {
        (File, Options) = (file, options);
        try
        {
            Lint = new Lint(LintConfig.Parse(options.Check ?? file.Check));
        }
        catch (SyntaxFault fault)
        {
            throw file.Locate(
                new SyntaxFault($"failed to parse check options: {fault.Message}", fault.Number, fault.Near), SourceSpan.Lines(1, 1));
        }

        Expander = new WordExpander { Escape = file.Escape };
        foreach (var (rule, span, message, check) in file.Findings)
        {
            Lint.Report(rule, span, message, check);
        }
    }

    internal ParsedDockerfile File { get; }

    internal GraphOptions Options { get; }

    internal Lint Lint { get; }

    internal WordExpander Expander { get; }

    /// <summary>Arguments before the first stage, and the predefined ones.</summary>
    internal Variables Globals { get; set; } = Variables.Empty;

    /// <summary>Names declared before the first stage, with or without a value.</summary>
    internal HashSet<string> DeclaredGlobals { get; } = new(StringComparer.Ordinal);

    /// <summary>Value of SOURCE_DATE_EPOCH, if it has one.</summary>
    internal long? Epoch { get; set; }

    /// <summary>The same as history entries have it.</summary>
    internal string? EpochText => Epoch is { } seconds
        ? DateTimeOffset.FromUnixTimeSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
        : null;

    /// <summary>Files of the client; the paths that are needed are collected.</summary>
    internal LocalSource Local(string name, string path, Platform platform)
    {
        if (!locals.TryGetValue(name, out var source))
        {
            var title = name == "context" ? "[internal] load build context" : $"[context {name}] load from client";
            locals[name] = source = new LocalSource { Name = title, ContextName = name, Platform = platform };
            followed[name] = new(StringComparer.Ordinal);
        }

        followed[name].Add(path.TrimStart('/'));
        return source;
    }

    /// <summary>Tells the local sources what is needed of them.</summary>
    internal void CloseLocals()
    {
        foreach (var (name, source) in locals)
        {
            var paths = followed[name];
            source.FollowPaths = paths.Contains("") ? [] : [.. paths.Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Runs work on an instruction; a fault in it gets its place.</summary>
    internal T At<T>(SourceSpan span, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SyntaxFault fault)
        {
            throw File.Locate(fault, span);
        }
    }

    /// <summary>Runs work on an instruction; a fault in it gets its place.</summary>
    internal void At(SourceSpan span, Action work) => At(span, () =>
    {
        work();
        return true;
    });
}
