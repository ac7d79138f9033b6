using Slipway.Build.Dockerfile;
using Slipway.Oci;

namespace Slipway.Build.Graph;

/// <summary>The instructions of one stage: what each does to the tree, the config and the history.</summary>
internal sealed class StageSteps(GraphContext context, StagePlan plan)
{
    private const string HistoryComment = "buildkit.dockerfile.v0";

    private readonly Dictionary<Keyword, Instruction> last = [];

    /// <summary>The tree so far.</summary>
    internal Operation State { get; private set; } = plan.Source!;

    /// <summary>The stage.</summary>
    internal StagePlan Plan => plan;

    /// <summary>What the stages share.</summary>
    internal GraphContext Context => context;

    /// <summary>Platform of the stage.</summary>
    internal Platform Platform => plan.Platform ?? context.Options.TargetPlatform;

    /// <summary>Directory that relative paths begin at.</summary>
    internal string Directory => plan.Image!.Config.WorkingDir is { Length: > 0 } directory ? directory : "/";

    /// <summary>Whether the instruction at work is a trigger of the base.</summary>
    internal bool IsTrigger { get; private set; }

    private ImageDraft Image
    {
        get => plan.Image!;
        set => plan.Image = value;
    }

    /// <summary>Does one instruction.</summary>
    internal void Take(Instruction instruction, StagePlan?[] sources, bool trigger)
    {
        IsTrigger = trigger;
        switch (instruction)
        {
            case CopyInstruction copy:
                CopyMaker.Make(this, copy, sources);
                break;
            case RunInstruction run:
                new RunMaker(this, run).Make(sources);
                break;
            case PairsInstruction pairs:
                Pairs(pairs);
                break;
            case CommandInstruction command:
                Command(command);
                break;
            case HealthInstruction health:
                Health(health);
                break;
            case WordsInstruction words:
                Words(words);
                break;
            case TextInstruction text:
                Text(text);
                break;
        }

        plan.State = State;
    }

    /// <summary>Expands a word and reports unknown variables.</summary>
    internal string Expand(string word, Instruction instruction) => Report(context.Expander.Expand(word, plan.Variables.Get), instruction).Text;

    /// <summary>Puts a layer on the tree, with its history entry.</summary>
    internal void Push(LayerStep step, string createdBy)
    {
        State = step;
        Commit(createdBy + (step is MakeDirectory ? "" : " # buildkit"), empty: false);
    }

    /// <summary>Reports variables that are not set.</summary>
    internal Expansion Report(Expansion expansion, Instruction instruction)
    {
        foreach (var name in expansion.Missing)
        {
            if (plan.Arguments.Exists(argument => argument.Key == name))
            {
                continue;
            }

            var near = Nearest.Find(name, plan.Variables.Names);
            context.Lint.Report(
                LintRule.UndefinedVar, instruction.Span,
                $"Usage of undefined variable '${name}'" + (near is null ? "" : $" (did you mean ${near}?)"), instruction.Check, near);
        }

        return expansion;
    }

    private void Commit(string createdBy, bool empty = true) => Image = Image.Commit(new HistoryEntry
    {
        CreatedBy = Redaction.Apply(createdBy), Comment = HistoryComment, EmptyLayer = empty, Created = context.EpochText,
    });

    private void Pairs(PairsInstruction instruction)
    {
        if (instruction.Keyword == Keyword.Arg)
        {
            ArgumentMaker.Declare(this, instruction);
            Commit(ArgumentMaker.History(plan, instruction.Pairs.Count));
            return;
        }

        var upper = instruction.Keyword == Keyword.Env ? "ENV" : "LABEL";
        var message = upper;
        var before = plan.Variables;
        foreach (var pair in instruction.Pairs)
        {
            if (pair.Legacy)
            {
                Legacy(instruction);
            }

            var key = Report(context.Expander.Expand(pair.Key, before.Get), instruction).Text;
            var value = Report(context.Expander.Expand(pair.Value!, before.Get), instruction).Text;
            message += pair.Legacy ? $" {key} {value}" : $" {key}={value}";
            Set(instruction, key, value);
        }

        Commit(message);
    }

    private void Set(PairsInstruction instruction, string key, string value)
    {
        if (instruction.Keyword == Keyword.Label)
        {
            Image = Image.SetLabel(key, value);
            return;
        }

        SecretNames.Report(context.Lint, "ENV", key, instruction);
        plan.Variables = plan.Variables.Set(key, value);
        Image = Image.SetVariable(key, value);
    }

    private void Legacy(Instruction instruction) => context.Lint.Report(
        LintRule.LegacyKeyValueFormat, instruction.Span,
        $"\"{instruction.Name} key=value\" should be used instead of legacy \"{instruction.Name} key value\" format", instruction.Check);

    private void Command(CommandInstruction instruction)
    {
        Once(instruction);
        var arguments = instruction.Command;
        if (instruction.ShellForm)
        {
            if (Image.Config.Shell is not { Count: > 0 })
            {
                context.Lint.Report(
                    LintRule.JsonArgsRecommended, instruction.Span,
                    $"JSON arguments recommended for {instruction.Name} to prevent unintended behavior related to OS signals", instruction.Check);
            }

            arguments = Shell(arguments);
        }

        var entrypoint = instruction.Keyword == Keyword.Entrypoint;
        var config = Image.Config;
        Image = Image with
        {
            Config = entrypoint
                ? config with { Entrypoint = arguments, Cmd = last.ContainsKey(Keyword.Cmd) ? config.Cmd : null }
                : config with { Cmd = arguments, ArgsEscaped = true },
        };
        Commit($"{(entrypoint ? "ENTRYPOINT" : "CMD")} {GoText.Quote(arguments)}");
    }

    /// <summary>The shell in front of a line.</summary>
    internal IReadOnlyList<string> Shell(IReadOnlyList<string> line)
    {
        IReadOnlyList<string> shell = Image.Config.Shell is { Count: > 0 } own ? own : ["/bin/sh", "-c"];
        return [.. shell, string.Join(' ', line)];
    }

    private void Health(HealthInstruction instruction)
    {
        Once(instruction);
        var test = instruction.Test;
        Image = Image with { Config = Image.Config with { Healthcheck = test } };
        Commit(
            $"HEALTHCHECK {{Test:{GoText.List(test.Test ?? [])} Interval:{GoText.Duration(test.Interval)} Timeout:{GoText.Duration(test.Timeout)} "
            + $"StartPeriod:{GoText.Duration(test.StartPeriod)} StartInterval:{GoText.Duration(test.StartInterval)} Retries:{test.Retries}}}");
    }

    private void Words(WordsInstruction instruction)
    {
        switch (instruction.Keyword)
        {
            case Keyword.Expose:
                Expose(instruction);
                break;
            case Keyword.Volume:
                var volumes = instruction.Words.Select(word => Expand(word.Trim(), instruction)).ToList();
                Image = volumes.TrueForAll(volume => volume.Length > 0)
                    ? Image.AddVolumes(volumes)
                    : throw new SyntaxFault("VOLUME specified can not be an empty string", FaultNumber.Arguments);
                Commit($"VOLUME {GoText.List(volumes)}");
                break;
            default:
                Image = Image with { Config = Image.Config with { Shell = instruction.Words } };
                Commit($"SHELL {GoText.List(instruction.Words)}");
                break;
        }
    }

    private void Expose(WordsInstruction instruction)
    {
        var ports = new List<string>();
        foreach (var word in instruction.Words)
        {
            foreach (var spec in Report(context.Expander.Split(word, plan.Variables.Get), instruction).Words)
            {
                LintPort(spec, instruction);
                ports.AddRange(PortSpecs.Parse(spec));
            }
        }

        Image = Image.Expose(ports);
        Commit($"EXPOSE {GoText.List(ports)}");
    }

    private void LintPort(string spec, Instruction instruction)
    {
        var slash = spec.IndexOf('/', StringComparison.Ordinal);
        if (slash >= 0 && spec.AsSpan(slash).ContainsAnyInRange('A', 'Z'))
        {
            context.Lint.Report(
                LintRule.ExposeProtoCasing, instruction.Span, $"Defined protocol '{spec}' in EXPOSE instruction should be lowercase",
                instruction.Check);
        }

        if (spec.Contains(':', StringComparison.Ordinal))
        {
            context.Lint.Report(
                LintRule.ExposeInvalidFormat, instruction.Span,
                $"EXPOSE instruction should not define an IP address or host-port mapping, found '{spec}'", instruction.Check);
        }
    }

    private void Text(TextInstruction instruction)
    {
        switch (instruction.Keyword)
        {
            case Keyword.User:
                var user = Expand(instruction.Value, instruction);
                Image = Image with { Config = Image.Config with { User = user } };
                Commit($"USER {user}");
                break;
            case Keyword.Workdir:
                Workdir(instruction);
                break;
            case Keyword.Stopsignal:
                var signal = Expand(instruction.Value, instruction);
                SignalNames.Check(signal);
                Image = Image with { Config = Image.Config with { StopSignal = signal } };
                Commit($"STOPSIGNAL {signal}");
                break;
            case Keyword.Maintainer:
                Image = Image with { Author = instruction.Value };
                Commit($"MAINTAINER {instruction.Value}");
                break;
            default:
                Image = Image with { Config = Image.Config with { OnBuild = [.. Image.Config.OnBuild ?? [], instruction.Value] } };
                break;
        }
    }

    private void Workdir(TextInstruction instruction)
    {
        var path = Expand(instruction.Value, instruction);
        if (!plan.WorkdirSet && !path.StartsWith('/'))
        {
            context.Lint.Report(
                LintRule.WorkdirRelativePath, instruction.Span,
                $"Relative workdir {GoText.Quote(path)} can have unexpected results if the base image changes", instruction.Check);
        }

        plan.WorkdirSet = true;
        var directory = UnixPath.Join(Directory, path);
        Image = Image with { Config = Image.Config with { WorkingDir = directory } };
        var title = StepTitle.Next(context, plan, $"WORKDIR {path}", Platform, IsTrigger);
        if (directory == "/")
        {
            Commit("WORKDIR /");
            return;
        }

        Push(
            new MakeDirectory
            {
                Name = title, Stage = Name, Source = instruction.Span, Platform = Platform, IgnoreCache = plan.IgnoreCache,
                Input = State, Path = directory, Owner = Image.Config.User is { Length: > 0 } user ? user : null,
            },
            $"WORKDIR {directory}");
    }

    /// <summary>The stage's name as operations show it.</summary>
    internal string? Name => plan.Title.Length > 0 ? plan.Title : null;

    private void Once(Instruction instruction)
    {
        if (last.TryGetValue(instruction.Keyword, out var before))
        {
            context.Lint.Report(
                LintRule.MultipleInstructionsDisallowed, before.Span,
                $"Multiple {instruction.Name} instructions should not be used in the same stage because only the last one will be used",
                before.Check);
        }

        last[instruction.Keyword] = instruction;
    }
}
