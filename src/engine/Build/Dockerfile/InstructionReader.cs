using System.Text.RegularExpressions;
using Slipway.Build.Graph;

namespace Slipway.Build.Dockerfile;

/// <summary>Turns the text of an instruction into an <see cref="Instruction"/>.</summary>
internal sealed partial class InstructionReader(char escape)
{
    /// <summary>Reads one instruction.</summary>
    /// <exception cref="SyntaxFault">It is none.</exception>
    internal Instruction Read(LogicalLine line)
    {
        var (name, flags, rest) = ArgumentSplitter.Command(line.Text);
        var part = new Parts(Keywords.Find(name), name, flags, rest, line);
        return part.Keyword switch
        {
            Keyword.From => From(part),
            Keyword.Arg => Arg(part),
            Keyword.Env or Keyword.Label => Pairs(part),
            Keyword.Copy or Keyword.Add => CopyReader.Read(part),
            Keyword.Run => Run(part),
            Keyword.Cmd or Keyword.Entrypoint => Command(part),
            Keyword.Healthcheck => HealthReader.Read(part),
            Keyword.Expose or Keyword.Volume or Keyword.Shell => Words(part),
            Keyword.User or Keyword.Workdir or Keyword.Stopsignal or Keyword.Maintainer => Text(part),
            Keyword.Onbuild => Onbuild(part),
            _ => throw new SyntaxFault(
                $"unknown instruction: {name}", FaultNumber.UnknownInstruction, name, Nearest.Find(name, Keywords.Names, ignoreCase: true)),
        };
    }

    private static FromInstruction From(Parts part)
    {
        var words = ArgumentSplitter.Blanks(part.Rest);
        if (words.Count != 1 && !(words.Count == 3 && words[1].Equals("as", StringComparison.OrdinalIgnoreCase)))
        {
            throw new SyntaxFault("FROM requires either one or three arguments", FaultNumber.Arguments, part.Rest);
        }

        var stage = words.Count == 3 ? words[2].ToLowerInvariant() : "";
        if (stage.Length > 0 && !StageName().IsMatch(stage))
        {
            throw new SyntaxFault(
                $"invalid name for build stage: {GoText.Quote(words[2])}, name can't start with a number or contain symbols",
                FaultNumber.Stages, words[2]);
        }

        return new()
        {
            Keyword = part.Keyword, Name = part.Name, Text = part.Line.Text, Span = part.Span, Check = part.Line.Check,
            Base = words[0], Stage = stage, StageAsWritten = words.Count == 3 ? words[2] : "", As = words.Count == 3 ? words[1] : "",
            Platform = new FlagSet(part.Flags, "platform")["platform"] ?? "",
        };
    }

    private PairsInstruction Arg(Parts part)
    {
        _ = new FlagSet(part.Flags);
        var words = ArgumentSplitter.Quoted(part.Rest, escape);
        Require(part, words.Count > 0);
        return Make(part, [.. words.Select(word =>
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            return equals == 0 ? throw Blank(part) : equals < 0 ? new Pair(word, null) : new Pair(word[..equals], word[(equals + 1)..]);
        })]);
    }

    private PairsInstruction Pairs(Parts part)
    {
        _ = new FlagSet(part.Flags);
        var words = ArgumentSplitter.Quoted(part.Rest, escape);
        Require(part, words.Count > 0);
        if (!words[0].Contains('=', StringComparison.Ordinal))
        {
            var (first, rest) = ArgumentSplitter.First(part.Rest);
            return rest is null
                ? throw new SyntaxFault($"{part.Upper} must have two arguments", FaultNumber.Arguments, first)
                : Make(part, [new Pair(first, rest, Legacy: true)]);
        }

        return Make(part, [.. words.Select(word =>
        {
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            return equals switch
            {
                < 0 => throw new SyntaxFault(
                    $"Syntax error - can't find = in {GoText.Quote(word)}. Must be of the form: name=value", FaultNumber.Arguments, word),
                0 => throw Blank(part),
                _ => new Pair(word[..equals], word[(equals + 1)..]),
            };
        })]);
    }

    private static RunInstruction Run(Parts part)
    {
        var flags = new FlagSet(part.Flags, "mount*", "network", "security", "device*");
        if (flags["device"] is not null)
        {
            throw new SyntaxFault("RUN --device is not supported: this builder gives commands no devices", FaultNumber.Flags, "--device");
        }

        var (command, shellForm) = Line(part);
        return new()
        {
            Keyword = part.Keyword, Name = part.Name, Text = part.Line.Text, Span = part.Span, Check = part.Line.Check,
            Command = command, ShellForm = shellForm, Heredocs = part.Line.Heredocs, Mounts = flags.All("mount"),
            Network = Network(flags["network"]), Insecure = Security(flags["security"]),
        };
    }

    private static RunNetwork Network(string? value) => value switch
    {
        null or "default" => RunNetwork.Default,
        "none" => RunNetwork.None,
        "host" => RunNetwork.Host,
        _ => throw new SyntaxFault(
            $"invalid network mode {GoText.Quote(value)}", FaultNumber.Flags, value, Nearest.Find(value, ["default", "none", "host"])),
    };

    private static bool Security(string? value) => value switch
    {
        null or "sandbox" => false,
        "insecure" => true,
        _ => throw new SyntaxFault(
            $"security {GoText.Quote(value)} is not valid", FaultNumber.Flags, value, Nearest.Find(value, ["sandbox", "insecure"])),
    };

    private static CommandInstruction Command(Parts part)
    {
        _ = new FlagSet(part.Flags);
        var (command, shellForm) = Line(part);
        return new()
        {
            Keyword = part.Keyword, Name = part.Name, Text = part.Line.Text, Span = part.Span, Check = part.Line.Check,
            Command = command, ShellForm = shellForm,
        };
    }

    private static (IReadOnlyList<string> Command, bool ShellForm) Line(Parts part) =>
        ArgumentSplitter.Json(part.Rest) is { } arguments ? (arguments, false) : (part.Rest.Length == 0 ? [] : [part.Rest], true);

    private static WordsInstruction Words(Parts part)
    {
        _ = new FlagSet(part.Flags);
        var json = part.Keyword == Keyword.Expose ? null : ArgumentSplitter.Json(part.Rest);
        if (part.Keyword == Keyword.Shell && json is null && part.Rest.Length > 0)
        {
            throw new SyntaxFault($"SHELL requires the arguments to be in JSON form: {part.Line.Text}", FaultNumber.Arguments, part.Rest);
        }

        var words = json ?? ArgumentSplitter.Blanks(part.Rest);
        Require(part, words.Count > 0);
        if (part.Keyword == Keyword.Volume && words.Any(string.IsNullOrWhiteSpace))
        {
            throw new SyntaxFault("VOLUME specified can not be an empty string", FaultNumber.Arguments, part.Rest);
        }

        return new()
        {
            Keyword = part.Keyword, Name = part.Name, Text = part.Line.Text, Span = part.Span, Check = part.Line.Check,
            Words = part.Keyword == Keyword.Expose ? [.. words.Order(StringComparer.Ordinal)] : words,
        };
    }

    private static TextInstruction Text(Parts part)
    {
        _ = new FlagSet(part.Flags);
        return part.Rest.Length > 0
            ? Make(part, part.Rest)
            : throw new SyntaxFault($"{part.Upper} requires exactly one argument", FaultNumber.Arguments, part.Name);
    }

    private TextInstruction Onbuild(Parts part)
    {
        _ = new FlagSet(part.Flags);
        Require(part, part.Rest.Length > 0);
        var trigger = ArgumentSplitter.First(part.Rest).First.ToUpperInvariant();
        if (trigger == "ONBUILD")
        {
            throw new SyntaxFault("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", FaultNumber.Arguments, part.Rest);
        }

        if (trigger is "MAINTAINER" or "FROM")
        {
            throw new SyntaxFault($"{trigger} isn't allowed as an ONBUILD trigger", FaultNumber.Arguments, part.Rest);
        }

        var heredocs = string.Concat(part.Line.Heredocs.Select(heredoc => "\n" + heredoc.Content + heredoc.Name));
        return Make(part, part.Rest + heredocs);
    }

    private static TextInstruction Make(Parts part, string value) => new()
    {
        Keyword = part.Keyword, Name = part.Name, Text = part.Line.Text, Span = part.Span, Check = part.Line.Check, Value = value,
    };

    private static PairsInstruction Make(Parts part, IReadOnlyList<Pair> pairs) => new()
    {
        Keyword = part.Keyword, Name = part.Name, Text = part.Line.Text, Span = part.Span, Check = part.Line.Check, Pairs = pairs,
    };

    private static void Require(Parts part, bool some)
    {
        if (!some)
        {
            throw new SyntaxFault($"{part.Upper} requires at least one argument", FaultNumber.Arguments, part.Name);
        }
    }

    private static SyntaxFault Blank(Parts part) => new($"{part.Upper} names can not be blank", FaultNumber.Arguments, "=");

    [GeneratedRegex("^[a-z][a-z0-9-_.]*$", RegexOptions.CultureInvariant)]
    private static partial Regex StageName();
}

/// <summary>An instruction cut into name, flags and the rest.</summary>
internal readonly record struct Parts(Keyword Keyword, string Name, List<string> Flags, string Rest, LogicalLine Line)
{
    internal string Upper => Name.ToUpperInvariant();

    internal SourceSpan Span => SourceSpan.Lines(Line.Line, Line.EndLine);
}
