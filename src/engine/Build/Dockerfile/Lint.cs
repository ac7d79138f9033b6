using Slipway.Build.Graph;

namespace Slipway.Build.Dockerfile;

/// <summary>What <c># check=</c> and <c>--check</c> say: rules that are skipped, whether warnings are errors, experimental rules wanted.</summary>
internal sealed record LintConfig(IReadOnlySet<string> Skip, bool SkipAll, bool Error, IReadOnlySet<string> Experimental, bool AllExperimental)
{
    private static readonly HashSet<string> Nothing = [];

    /// <summary>Every stable rule, as warnings.</summary>
    internal static LintConfig Default { get; } = new(Nothing, false, false, Nothing, false);

    /// <summary>Reads <c>skip=A,B;error=true;experimental=C</c>.</summary>
    /// <exception cref="SyntaxFault">An option is unknown.</exception>
    internal static LintConfig Parse(string? text)
    {
        var config = Default;
        foreach (var part in (text ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var (key, value) = equals < 0
                ? throw Fault($"invalid check option {GoText.Quote(part)}", part)
                : (part[..equals].Trim(), part[(equals + 1)..].Trim());
            config = key switch
            {
                "skip" => config with { SkipAll = value == "all", Skip = Names(value) },
                "experimental" => config with { AllExperimental = value == "all", Experimental = Names(value) },
                "error" when bool.TryParse(value, out var error) => config with { Error = error },
                "error" => throw Fault($"failed to parse check option {GoText.Quote(part)}", part),
                _ => throw Fault($"invalid check option {GoText.Quote(key)}", key),
            };
        }

        return config;
    }

    private static HashSet<string> Names(string value) =>
        new(value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries), StringComparer.OrdinalIgnoreCase);

    private static SyntaxFault Fault(string message, string near) => new(message, FaultNumber.Directive, near);
}

/// <summary>Collects the warnings of one Dockerfile, without repetitions and not without end.</summary>
internal sealed class Lint(LintConfig config)
{
    private const int MaxWarnings = 1000;

    private readonly HashSet<(string, SourceSpan, string)> seen = [];
    private readonly List<Diagnostic> found = [];

    /// <summary>The options of the whole file.</summary>
    internal LintConfig Config { get; } = config;

    /// <summary>The warnings, ordered by place.</summary>
    internal IReadOnlyList<Diagnostic> Warnings => [.. found.OrderBy(warning => warning.Span.Line)];

    /// <summary>Notes a violation, unless the file or the comment above the instruction skips the rule.</summary>
    internal void Report(LintRule rule, SourceSpan span, string message, string? check, string? suggestion = null)
    {
        if (found.Count >= MaxWarnings || Skips(Config, rule) || (check is not null && Skips(Local(check), rule)) || !Wanted(rule)
            || !seen.Add((rule.Name, span, message)))
        {
            return;
        }

        found.Add(new Diagnostic(Severity.Warning, rule.Number, message, span)
        {
            Rule = rule.Name, Description = rule.Description, Url = rule.Url, Suggestion = suggestion,
        });
    }

    /// <summary>Fails when there are warnings and they are to be errors.</summary>
    /// <exception cref="DockerfileException">There are.</exception>
    internal void ThrowIfErrors()
    {
        if (Config.Error && found.Count > 0)
        {
            var rules = string.Join(", ", found.Select(warning => warning.Rule).Distinct().Order(StringComparer.Ordinal));
            throw new DockerfileException(
                new(Severity.Error, FaultNumber.Lint, $"lint violation found for rules: {rules}", Warnings[0].Span));
        }
    }

    private static bool Skips(LintConfig config, LintRule rule) => config.SkipAll || config.Skip.Contains(rule.Name);

    private bool Wanted(LintRule rule) =>
        !rule.Experimental || Config.AllExperimental || Config.Experimental.Contains(rule.Name);

    private static LintConfig Local(string check)
    {
        try
        {
            return LintConfig.Parse(check);
        }
        catch (SyntaxFault)
        {
            return LintConfig.Default;
        }
    }
}
