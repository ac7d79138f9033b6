using Slipway.Compose;
using Slipway.Compose.Files;
using Slipway.Platform.Apps;
using Slipway.Platform.Model;
using Slipway.Platform.Proxy;
using Slipway.Platform.Secrets;
using Project = Slipway.Compose.Model.Project;

namespace Slipway.Platform.Builds;

/// <summary>A Compose file as it was read, with the variables in it.</summary>
/// <param name="Project">The file.</param>
/// <param name="Routes">Services with an address.</param>
/// <param name="Variables">The application's variables, those included that the file made necessary.</param>
internal sealed record ComposeSource(Project Project, IReadOnlyList<AppService> Routes, IReadOnlyList<Variable> Variables);

/// <summary>
/// Reads the Compose file of an application, a stranger's for all we know. Variables that it names and that we make are made and put in; since
/// they decide about addresses and these about variables, it is read until nothing is new.
/// </summary>
public sealed class ComposeReader(Variables variables, Routes routes, SecretBox secrets, TimeProvider time)
{
    private const int MostRounds = 6;

    /// <param name="app">The application.</param>
    /// <param name="directory">Its source.</param>
    /// <param name="file">Path of the file in it.</param>
    /// <param name="commit">Commit that the source is of.</param>
    /// <param name="warn">Is told what is worth knowing.</param>
    /// <exception cref="PlatformException">It cannot be read, or asks for what strangers may not have.</exception>
    internal ComposeSource Read(App app, string directory, string file, string? commit, Action<string> warn)
    {
        Dictionary<string, Variable> own = app.Variables.ToDictionary(variable => variable.Key, StringComparer.Ordinal);
        List<string> names = [];
        for (var round = 1; ; round++)
        {
            List<string> said = [];
            var environment = EnvironmentOf(app, own.Values, commit);
            var (project, fault) = Load(app, directory, file, environment, names, said);
            var found = project is null ? [] : ComposeRoutes.Of(project, names, app);
            if (!Complete(app with { Services = found }, project, names, own))
            {
                if (fault is not null)
                {
                    throw Wrap(fault, directory);
                }

                said.Distinct().ToList().ForEach(warn);
                return new ComposeSource(Addressed(project!, own), found, [.. own.Values.OrderBy(variable => variable.Key, StringComparer.Ordinal)]);
            }

            if (round == MostRounds)
            {
                throw new PlatformException(Refusal.Invalid, "the variables of the Compose file refer to each other in a circle");
            }
        }
    }

    /// <summary>A fault of the file without the directory in which it was read.</summary>
    internal static PlatformException Wrap(ComposeException fault, string directory) => new(Refusal.Invalid, 
        fault.Message.Replace(directory + "/", "", StringComparison.Ordinal).Replace(directory, ".", StringComparison.Ordinal).Replace("; --allow-outside lets it be read", "", StringComparison.Ordinal), fault);

    private SortedDictionary<string, string> EnvironmentOf(App app, IEnumerable<Variable> own, string? commit)
    {
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["SLIPWAY_APP"] = app.Name, ["COOLIFY_BRANCH"] = app.Source.Branch, ["COOLIFY_RESOURCE_UUID"] = app.Id, ["SOURCE_COMMIT"] = commit ?? "",
            ["SLIPWAY_URL"] = string.Join(',', routes.UrlsOf(app)), ["COOLIFY_URL"] = string.Join(',', routes.UrlsOf(app)), ["COOLIFY_FQDN"] = string.Join(',', routes.DomainsOf(app).Select(domain => domain.Host)),
        };
        foreach (var (key, value) in variables.Resolve(app, [.. own.Select(variable => variable with { Run = true })], build: false))
        {
            result[key] = value;
        }

        // Of what steers the reading itself only profiles are the application's to choose; other such variables name files of this machine.
        foreach (var key in result.Keys.Where(key => key.StartsWith("COMPOSE_", StringComparison.Ordinal) && key != "COMPOSE_PROFILES").ToList())
        {
            result.Remove(key);
        }

        return result;
    }

    private static (Project? Project, ComposeException? Fault) Load(App app, string directory, string file, SortedDictionary<string, string> environment, List<string> names, List<string> said)
    {
        var path = Path.Combine(directory, file);
        WriteVariables(Path.Combine(Path.GetDirectoryName(path)!, ".env"), environment);
        void Name(string name)
        {
            if (MagicVariables.IsMagic(name) && !names.Contains(name))
            {
                names.Add(name);
            }
        }

        try
        {
            var project = ProjectLoader.Load(new LoadOptions
            {
                WorkingDirectory = directory, Environment = environment, Files = [path], ProjectName = $"slipway-{app.Id[..8]}", Untrusted = true,
                Variables = use => Name(use.Name), Warn = said.Add,
            });
            foreach (var name in project.Services.Values.SelectMany(service => service.Map.Map("environment")?.Keys ?? []))
            {
                Name(name);
            }

            return (project, null);
        }
        catch (ComposeException e)
        {
            return (null, e);
        }
    }

    // Files that name ".env" get the application's variables there, if the source has no such file.
    private static void WriteVariables(string path, SortedDictionary<string, string> environment)
    {
        if (new FileInfo(path) is { Exists: false, LinkTarget: null })
        {
            static string Quoted(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal);
            File.WriteAllLines(path, [Mark, .. environment.Where(pair => !pair.Key.StartsWith("COOLIFY_", StringComparison.Ordinal) && !pair.Key.StartsWith("SLIPWAY_", StringComparison.Ordinal) && pair.Key != "SOURCE_COMMIT")
                .Select(pair => $"{pair.Key}=\"{Quoted(pair.Value)}\"")]);
        }
        else if (new FileInfo(path) is { Exists: true, LinkTarget: null } && File.ReadLines(path).FirstOrDefault() == Mark)
        {
            File.Delete(path);
            WriteVariables(path, environment);
        }
    }

    private const string Mark = "# The application's variables.";

    // Adds what the file names and nobody has set; true if anything became different.
    private bool Complete(App app, Project? project, List<string> names, Dictionary<string, Variable> own)
    {
        var before = own.ToDictionary(StringComparer.Ordinal);
        foreach (var name in names.Where(name => !MagicVariables.IsAddress(name) && !own.ContainsKey(name)).ToList())
        {
            Set(own, name, MagicVariables.NewValue(name, () => Revealed(own, MagicVariables.SigningKey), time.GetUtcNow()));
        }

        foreach (var name in project is null ? [] : names.Where(MagicVariables.IsAddress).SelectMany(Pair).Distinct().ToList())
        {
            if (!own.TryGetValue(name, out var present) || present.Generated)
            {
                var value = ValueOf(app, project!, name);
                if (present is null || secrets.Reveal(present.Sealed) != value)
                {
                    Set(own, name, value);
                }
            }
        }

        return own.Count != before.Count || own.Any(pair => !before.TryGetValue(pair.Key, out var other) || other != pair.Value);
    }

    // An address and its host always exist together.
    private static IEnumerable<string> Pair(string name) => MagicVariables.Address(name) is var (kind, id) && kind == "NAME" ? [name] : [$"SERVICE_URL_{id}", $"SERVICE_FQDN_{id}"];

    private string ValueOf(App app, Project project, string name)
    {
        var (kind, id) = MagicVariables.Address(name);
        var services = project.Services.Values.ToList();
        var (service, port) = ComposeRoutes.Target(services, name);
        if (service is null)
        {
            // The other one of both may be what a service declares.
            (service, port) = ComposeRoutes.Target(services, kind == "URL" ? $"SERVICE_FQDN_{id}" : $"SERVICE_URL_{id}");
        }

        if (kind == "NAME")
        {
            return service ?? id;
        }

        var domain = routes.DomainsOf(app).FirstOrDefault(domain => ServiceDomains.IsOf(app, domain, service ?? "", port) && domain.RedirectTo is null);
        return domain is null ? "" : kind == "FQDN" ? domain.Host : routes.UrlOf(app, domain);
    }

    private string Revealed(Dictionary<string, Variable> own, string name)
    {
        if (!own.ContainsKey(name))
        {
            Set(own, name, MagicVariables.NewValue(name, () => "", time.GetUtcNow()));
        }

        return secrets.Reveal(own[name].Sealed);
    }

    private void Set(Dictionary<string, Variable> own, string name, string value) =>
        own[name] = new Variable { Key = name, Sealed = secrets.Seal(value), Run = true, Literal = true, Generated = true };

    // What a service declares of addresses says what they are, not what somebody wrote beside it; a path beside it is put behind the URL.
    private Project Addressed(Project project, Dictionary<string, Variable> own)
    {
        var services = new Mapping(project.Document.At);
        foreach (var service in project.Services.Values)
        {
            var map = service.Map;
            if (map.Map("environment") is { } environment && environment.Keys.Any(MagicVariables.IsAddress))
            {
                var changed = environment.Copy();
                foreach (var name in environment.Keys.Where(name => MagicVariables.IsAddress(name) && own.GetValueOrDefault(name) is { Generated: true }).ToList())
                {
                    var path = environment.Text(name) is { } text && text.StartsWith('/') && MagicVariables.Address(name).Kind == "URL" ? text : "";
                    changed.Set(name, secrets.Reveal(own[name].Sealed) + path, environment[name]!.At);
                }

                map = map.Copy().Set("environment", changed);
            }

            services.Set(service.Name, map);
        }

        return new Project(project.Name, project.Directory, project.Files, project.Document.Copy().Set("services", services)) { Enabled = project.Enabled, Variables = project.Variables };
    }
}
