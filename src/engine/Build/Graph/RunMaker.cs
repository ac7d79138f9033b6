using System.Globalization;
using Slipway.Build.Dockerfile;

namespace Slipway.Build.Graph;

/// <summary><c>RUN</c> as an operation.</summary>
internal sealed class RunMaker(StageSteps steps, RunInstruction run)
{
    private static readonly string[] ProxyNames = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"];

    private int agents;

    internal void Make(StagePlan?[] sources)
    {
        CheckRights();
        var (arguments, script) = Arguments();
        var mounts = run.Mounts.Select((mount, i) => Mount(mount, i < sources.Length ? sources[i] : null)).ToList();
        var title = StepTitle.Next(steps.Context, steps.Plan, "RUN" + Title(), steps.Platform, steps.IsTrigger);
        steps.Push(
            new RunStep
            {
                Name = title, Stage = steps.Name, Source = run.Span, Platform = steps.Platform, IgnoreCache = steps.Plan.IgnoreCache,
                Input = steps.State, Arguments = arguments, Script = script, Environment = steps.Plan.Variables,
                ProxyEnvironment = Proxies(), WorkingDirectory = steps.Directory, User = steps.Plan.Image!.Config.User ?? "",
                Mounts = mounts, Network = run.Network, Insecure = run.Insecure,
            },
            $"RUN {ArgumentMaker.Prefix(steps.Plan)}{string.Join(' ', arguments)}");
    }

    private void CheckRights()
    {
        if (run.Insecure && !steps.Context.Options.AllowInsecure)
        {
            throw new SyntaxFault("granting entitlement security.insecure is not allowed by build daemon configuration", FaultNumber.Flags, "insecure");
        }

        if (run.Network == RunNetwork.Host && !steps.Context.Options.AllowHostNetwork)
        {
            throw new SyntaxFault("granting entitlement network.host is not allowed by build daemon configuration", FaultNumber.Flags, "host");
        }
    }

    private (IReadOnlyList<string> Arguments, RunScript? Script) Arguments()
    {
        var command = run.Command;
        if (run.Heredocs.Count == 0)
        {
            return (run.ShellForm ? steps.Shell(command) : command, null);
        }

        if (Heredoc.Parse(command[0]) is null)
        {
            var rest = run.Heredocs.Select(heredoc => "\n" + heredoc.Content + heredoc.Name);
            return (steps.Shell([command[0] + string.Concat(rest)]), null);
        }

        var content = run.Heredocs[0].FileContent;
        if (!content.StartsWith("#!", StringComparison.Ordinal))
        {
            return (steps.Shell([content]), null);
        }

        var path = "/dev/pipes/" + UnixPath.Base(run.Heredocs[0].Name);
        return (steps.Shell([path]), new RunScript(path, content));
    }

    // As written, flags too, with the variables that are known; a heredoc's first line behind it.
    private string Title()
    {
        var text = run.Text.Trim()[run.Name.Length..];
        if (run.Heredocs.Count > 0 && Heredoc.Parse(run.Command[0]) is not null)
        {
            var lines = run.Heredocs[0].Content.Trim().Split('\n');
            text += $" ({lines[0].TrimEnd('\r')}{(lines.Length > 1 ? "..." : "")})";
        }

        try
        {
            var expander = steps.Context.Expander with { KeepQuotes = true, KeepUnset = true };
            return expander.Expand(text, steps.Plan.Variables.Get).Text;
        }
        catch (SyntaxFault)
        {
            return text;
        }
    }

    private string[] Proxies() =>
    [
        .. steps.Context.Options.BuildArgs
            .Where(argument => argument.Value is not null && ProxyNames.Contains(argument.Key, StringComparer.OrdinalIgnoreCase))
            .SelectMany(argument => new[]
            {
                $"{argument.Key.ToUpperInvariant()}={argument.Value}", $"{argument.Key.ToLowerInvariant()}={argument.Value}",
            })
            .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
    ];

    private RunMount Mount(string text, StagePlan? source)
    {
        var mount = MountText.Parse(text, value => steps.Expand(value, run));
        if (source is { Walked: false })
        {
            throw new SyntaxFault(
                $"cannot mount from stage {GoText.Quote(mount.From)} to {GoText.Quote(mount.Target)}, stage needs to be defined before current command",
                FaultNumber.Stages, mount.From);
        }

        return mount.Kind switch
        {
            RunMountKind.Secret => Secret(mount),
            RunMountKind.Ssh => Agent(mount),
            _ => Tree(mount, source),
        };
    }

    private RunMount Tree(MountText mount, StagePlan? source)
    {
        var target = UnixPath.Join(steps.Directory, mount.Target);
        if (target == "/")
        {
            throw new SyntaxFault("invalid mount target \"/\"", FaultNumber.Flags, "target");
        }

        var path = UnixPath.Join("/", mount.Source);
        var from = mount.Kind switch
        {
            RunMountKind.Bind => source?.State ?? steps.Context.Local("context", path, steps.Platform),
            RunMountKind.Cache => source?.State is ScratchSource ? null : source?.State,
            _ => null,
        };
        return new()
        {
            Kind = mount.Kind, Target = target, From = from, SourcePath = path, ReadOnly = mount.ReadOnly ?? mount.Kind == RunMountKind.Bind,
            Id = mount.Kind == RunMountKind.Cache ? (mount.Id.Length > 0 ? mount.Id : target) : null,
            Sharing = mount.Sharing ?? CacheSharing.Shared, Mode = mount.Mode, UserId = mount.UserId ?? 0, GroupId = mount.GroupId ?? 0,
            Size = mount.Size,
        };
    }

    private RunMount Secret(MountText mount)
    {
        var id = mount.Source.Length > 0 ? mount.Source : mount.Id.Length > 0 ? mount.Id : UnixPath.Base(mount.Target);
        var target = mount.Target.Length > 0 ? UnixPath.Join(steps.Directory, mount.Target)
            : mount.Variable is null ? "/run/secrets/" + UnixPath.Base(id)
            : null;
        return new()
        {
            Kind = RunMountKind.Secret, Target = target, Id = id, ReadOnly = true, Required = mount.Required, EnvironmentVariable = mount.Variable,
            Mode = mount.Mode ?? 0b100_000_000, UserId = mount.UserId ?? 0, GroupId = mount.GroupId ?? 0,
        };
    }

    private RunMount Agent(MountText mount)
    {
        var target = mount.Target.Length > 0
            ? UnixPath.Join(steps.Directory, mount.Target)
            : string.Create(CultureInfo.InvariantCulture, $"/run/buildkit/ssh_agent.{agents}");
        agents++;
        return new()
        {
            Kind = RunMountKind.Ssh, Target = target, Id = mount.Id.Length > 0 ? mount.Id : "default", Required = mount.Required,
            Mode = mount.Mode ?? 0b110_000_000, UserId = mount.UserId ?? 0, GroupId = mount.GroupId ?? 0,
        };
    }
}
