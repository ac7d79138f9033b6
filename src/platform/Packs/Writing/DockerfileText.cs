using System.Text;
using System.Text.RegularExpressions;
using Slipway.Packs.Providers;
using static Slipway.Packs.Writing.DockerfileSyntax;

namespace Slipway.Packs.Writing;

/// <summary>
/// Writes a draft as a Dockerfile: a stage with the tools that installs (manifests copied first) and builds, and the image, which has what it needs to run.
/// Where nothing is built, dependencies and source are layers of their own.
/// </summary>
internal sealed partial class DockerfileText(Draft draft, IReadOnlyList<DraftPhase> phases, PackContext context, PackOptions options, int port, IReadOnlyDictionary<string, string> processes)
{
    private const string SystemBundle = "/etc/ssl/certs/ca-certificates.crt";

    /// <summary>Variables by which tools with a store of their own are told of another.</summary>
    private static readonly string[] s_trusting = ["NODE_EXTRA_CA_CERTS", "PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"];

    private readonly StringBuilder _text = new();
    private bool _copiedAll;
    private readonly HashSet<string> _copied = new(StringComparer.Ordinal);
    private readonly BuildInputs _inputs = new(draft, options);

    /// <summary>Images that the text starts from.</summary>
    internal List<string> BaseImages { get; } = [];

    /// <summary>Arguments that the text declares.</summary>
    internal List<string> Arguments { get; } = [];

    private string BuildBase => draft.OtherBuildImage ?? context.Stack.Image(draft.BuildImage);

    private string RunBase => draft.OtherRunImage ?? context.Stack.Image(draft.RunImage);

    /// <summary>Nothing but dependencies is made, from a few files.</summary>
    private bool OnlyInstalls => draft.Outputs is null
        && phases.All(p => p.Name == "setup" || p.Commands.Count == 0 || (p.Name.Split(':')[^1] == "install" && p.Files is not null));

    private bool Builds => phases.Any(p => p.Commands.Count > 0) || draft.Outputs is { Count: > 0 };

    internal string Write()
    {
        if (Builds)
        {
            BuildStage();
        }

        RunStage();
        return _text.ToString();
    }

    private void Line(string line) => _text.Append(line).Append('\n');

    private void From(string image, string suffix)
    {
        BaseImages.Add(image);
        Line($"FROM {image}{suffix}");
    }

    private void BuildStage()
    {
        From(BuildBase, " AS build");
        Line("USER root");
        Line("SHELL [\"/bin/bash\", \"-c\"]");
        Line("WORKDIR /app");
        Environment(draft.Variables.Where(v => v.Key != "PORT").Concat(draft.BuildVariables));
        Packages(phases.SelectMany(p => p.Packages).Concat(phases.SelectMany(p => p.RunPackages)));
        Certificates();
        foreach (var phase in phases)
        {
            Phase(phase);
        }

        foreach (var command in draft.Prune)
        {
            Line("\n# after the build");
            Run(command, "");
        }

        // Copied later, whether or not anything was installed into them.
        if (OnlyInstalls && draft.Dependencies.Count > 0)
        {
            Line($"RUN mkdir -p {string.Join(' ', draft.Dependencies)}");
        }

        Line("");
    }

    /// <summary>Lets every tool of the build trust further authorities: the distribution's store, and those that have one of their own.</summary>
    private void Certificates()
    {
        if (options.Certificates is not { } bundle)
        {
            return;
        }

        Line($"COPY <<\"CERTIFICATES\" /tmp/ca.crt\n{string.Join('\n', Pem().Matches(bundle.ReplaceLineEndings("\n")).Select(m => m.Value))}\nCERTIFICATES");
        Line("RUN awk '/-BEGIN CERTIFICATE-/ { n++ } { print > (\"/usr/local/share/ca-certificates/build-\" n \".crt\") }' /tmp/ca.crt && update-ca-certificates");
        Environment(s_trusting.Select(name => KeyValuePair.Create(name, SystemBundle)));
    }

    private void Phase(DraftPhase phase)
    {
        if (phase.Commands.Count == 0 && phase.Paths.Count == 0)
        {
            return;
        }

        Line($"\n# {phase.Name}");
        if (phase.Paths.Count > 0)
        {
            Line($"ENV PATH={string.Join(':', phase.Paths)}:$PATH");
        }

        if (phase.Commands.Count == 0)
        {
            return;
        }

        var installs = phase.Name.Split(':')[^1] is "setup" or "install" && (phase.Name == "setup" || phase.Files is not null);
        foreach (var name in _inputs.Arguments(installs).Except(Arguments).ToArray())
        {
            Line($"ARG {name}");
            Arguments.Add(name);
        }

        Sources(phase.Name == "setup" ? phase.Files ?? [] : phase.Files);
        foreach (var command in phase.Commands)
        {
            Run(command, string.Concat(_inputs.Mounts(phase, command, installs)));
        }
    }

    /// <summary>Copies what a phase needs, unless an earlier one had it.</summary>
    private void Sources(IReadOnlyList<string>? files)
    {
        if (_copiedAll)
        {
            return;
        }

        if (files is null || files.Any(f => f.AsSpan().IndexOfAny("*?[\\\"") >= 0))
        {
            _copiedAll = true;
            Line("COPY . .");
            return;
        }

        foreach (var group in files.Where(_copied.Add).GroupBy(Target).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            Line($"COPY [{string.Join(", ", group.Append(group.Key).Select(Quoted))}]");
        }
    }

    private string Target(string file) =>
        context.Source.DirectoryExists(file) ? file.TrimEnd('/') + "/" : Path.GetDirectoryName(file) is { Length: > 0 } directory ? directory + "/" : "./";

    private void Packages(IEnumerable<string> packages)
    {
        var names = packages.Distinct().ToArray();
        if (names.FirstOrDefault(n => !n.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '+' or '-' or ':' or '=' or '~') || n[0] == '-') is { } wrong)
        {
            throw new PackException($"\"{wrong}\" is no name of a Debian package");
        }

        if (names.Length > 0)
        {
            Line($"RUN apt-get update && apt-get install -y --no-install-recommends {string.Join(' ', names)} && rm -rf /var/lib/apt/lists/*");
        }
    }

    /// <summary>A command of the shell. What the syntax of Dockerfiles could take for something else is written as a list.</summary>
    private void Run(string command, string mounts)
    {
        var plain = !command.Contains('\n', StringComparison.Ordinal) && !command.Contains("<<", StringComparison.Ordinal) && !command.EndsWith('\\') && command.TrimStart() is [not ('[' or '-' or '#'), ..];
        Line($"RUN {mounts}{(plain ? command.Trim() : $"[\"/bin/bash\", \"-c\", {Quoted(command)}]")}");
    }

    private void Environment(IEnumerable<KeyValuePair<string, string>> variables)
    {
        var words = new List<string>();
        foreach (var (name, value) in variables.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            if (!BuildInputs.IsName(name) || value.AsSpan().IndexOfAny('\n', '\r') >= 0)
            {
                context.Warn($"the variable {name} is not set in the image: its name or value does not fit into a Dockerfile");
                continue;
            }

            words.Add($"{name}={Word(value)}");
        }

        if (words.Count > 0)
        {
            Line("ENV " + string.Join(" \\\n    ", words));
        }
    }

    private void RunStage()
    {
        From(RunBase, "");
        var packages = phases.SelectMany(p => p.RunPackages).ToArray();
        if (packages.Length > 0)
        {
            Line("USER root");
            Packages(packages);
        }

        Line($"WORKDIR {draft.Directory}");
        Environment(draft.Variables);
        var paths = phases.SelectMany(p => p.Paths).ToArray();
        if (paths.Length > 0 && !draft.StartsItself)
        {
            Line($"ENV PATH={string.Join(':', paths)}:$PATH");
        }

        Copies();
        if (draft.User.Length > 0)
        {
            Line($"USER {draft.User}");
        }

        Labels();
        Line($"EXPOSE {port}");
        if (!draft.StartsItself || draft.Start is not null)
        {
            Line($"CMD [\"/bin/bash\", \"-c\", {Quoted(StartLine.Of(draft.Resolved ?? draft.Start!))}]");
        }
    }

    private void Copies()
    {
        var owner = draft.User.Length > 0 ? $"--chown={draft.User} " : "";
        if (!Builds)
        {
            Line(draft.Publish is { Length: > 0 } publish ? $"COPY {owner}[{Quoted(publish + "/")}, \"./\"]" : $"COPY {owner}. .");
            return;
        }

        draft.RunTools.ForEach(t => Line($"COPY --from=build {t.From} {t.To}"));
        if (OnlyInstalls)
        {
            draft.Dependencies.ForEach(d => Line($"COPY {owner}--from=build {d} {d}"));
            Line($"COPY {owner}. .");
            return;
        }

        if (draft.WithSource)
        {
            Line($"COPY {owner}. .");
        }

        foreach (var (from, to) in draft.Outputs ?? draft.Everything())
        {
            Line($"COPY {owner}--from=build {from} {to}");
        }
    }

    private void Labels()
    {
        Line($"LABEL pack.port={Word(port.ToString(System.Globalization.CultureInfo.InvariantCulture))}");
        if (processes.Count > 0)
        {
            Line($"LABEL pack.processes={Word("{" + string.Join(",", processes.Select(p => $"{Quoted(p.Key)}:{Quoted(p.Value)}")) + "}")}");
        }
    }

    [GeneratedRegex("-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----")]
    private static partial Regex Pem();
}
