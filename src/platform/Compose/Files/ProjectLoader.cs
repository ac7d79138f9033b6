using Slipway.Compose.Model;

namespace Slipway.Compose.Files;

/// <summary>Reads an application: finds its files, merges them, gives it a name and checks that its parts fit together.</summary>
public sealed class ProjectLoader
{
    private readonly LoadOptions _options;
    private readonly Dictionary<string, string> _variables;
    private IReadOnlyList<string> _files = [];
    private string _directory = "";

    private ProjectLoader(LoadOptions options)
    {
        _options = options;
        _variables = new Dictionary<string, string>(options.Environment, StringComparer.Ordinal);
    }

    /// <summary>Reads the application that the options name.</summary>
    /// <exception cref="ComposeException">It cannot be read, or contradicts itself.</exception>
    public static Project Load(LoadOptions options) => new ProjectLoader(options).Load();

    /// <summary>The project's name when no file is needed for it: the option's, the variable's, or null.</summary>
    public static string? NameOnly(LoadOptions options) =>
        options.ProjectName ?? (options.Environment.GetValueOrDefault("COMPOSE_PROJECT_NAME") is { Length: > 0 } name ? name : null);

    private Project Load()
    {
        Locate();
        string home = _options.Environment.GetValueOrDefault("HOME") is { Length: > 0 } own ? own : "/root";
        FileGate gate = new(_directory, _options.AllowOutside && !_options.Untrusted);
        string? given = NameOnly(_options) ?? (_variables.GetValueOrDefault("COMPOSE_PROJECT_NAME") is { Length: > 0 } fromFile ? fromFile : null);
        string fallback = ProjectName.FromDirectory(_directory);
        _variables["COMPOSE_PROJECT_NAME"] = given ?? fallback;
        (string Path, string Text)[] files = [.. _files.Select(f => (f, f == "-" ? _options.ReadInput() : FileGate.ReadNamed(f)))];
        _variables["COMPOSE_PROJECT_NAME"] = given ??= ProjectName.FromFiles(files, _variables.GetValueOrDefault) ?? fallback;
        string name = ProjectName.Check(given);
        Mapping document = new DocumentLoader(_options, gate).Load(files, new ProjectPaths(_directory, home) { AsWritten = !_options.ResolvePaths }, _variables.GetValueOrDefault, []);
        document = document.Set("name", name, document.At);
        document = _options.Normalize ? Normalization.Apply(document, name, _options.ResolvePaths ? _directory : ".") : document;
        document = new ServiceEnvironment(gate, _variables.GetValueOrDefault, _options.ReadEnvFiles).Apply(document);

        HashSet<string> enabled = Profiles.Enabled(document, ActiveProfiles());
        Project project = new(name, _directory, [.. _files.Where(f => f != "-")], document) { Enabled = enabled, Variables = _variables, Separator = _options.Compatibility ? "_" : "-" };
        if (_options.CheckConsistency)
        {
            Consistency.Check(project);
        }

        if (_options.Untrusted)
        {
            Restrictions.Check(project);
        }

        return project;
    }

    // The files may be named by .env in the working directory, and the final .env is the one in the project's directory.
    private void Locate()
    {
        Dictionary<string, string> first = new(StringComparer.Ordinal);
        if (_options.EnvFiles.Count == 0)
        {
            ReadVariables(Path.Combine(_options.WorkingDirectory, ".env"), first);
        }

        _files = FileDiscovery.Find(_options, name => _variables.GetValueOrDefault(name) ?? first.GetValueOrDefault(name));
        _directory = _options.ProjectDirectory is { } given ? Path.GetFullPath(given, _options.WorkingDirectory)
            : _files.Count == 0 || _files[0] == "-" ? _options.WorkingDirectory : Path.GetDirectoryName(_files[0])!;
        IReadOnlyList<string> named = _options.EnvFiles.Count > 0 ? _options.EnvFiles
            : _options.Environment.GetValueOrDefault("COMPOSE_ENV_FILES") is { Length: > 0 } list ? list.Split(',') : [];
        foreach (string file in named)
        {
            string path = Path.GetFullPath(file, _options.WorkingDirectory);
            if (!File.Exists(path))
            {
                throw new ComposeException($"Couldn't find env file: {path}");
            }

            ReadVariables(path, _variables);
        }

        if (named.Count == 0 && _options.Environment.GetValueOrDefault("COMPOSE_DISABLE_ENV_FILE") is not ("1" or "true"))
        {
            string own = Path.Combine(_directory, ".env");
            if (File.Exists(own))
            {
                // Nobody has named it, so it may not be a link to somewhere else.
                _ = new FileGate(_directory, _options.AllowOutside && !_options.Untrusted).Read(own, new Position(own, 1, 1), "");
                ReadVariables(own, _variables);
            }
        }
    }

    private void ReadVariables(string file, Dictionary<string, string> target)
    {
        foreach ((string name, string value) in File.Exists(file) ? EnvFile.Read(file, FileGate.ReadNamed(file), _variables.GetValueOrDefault) : new Dictionary<string, string>())
        {
            // The client's own environment wins over every file, and a later file over an earlier one.
            if (!_options.Environment.ContainsKey(name))
            {
                target[name] = value;
            }
        }
    }

    private IReadOnlyList<string> ActiveProfiles() => _options.Profiles.Count > 0 ? _options.Profiles
        : _variables.GetValueOrDefault("COMPOSE_PROFILES") is { Length: > 0 } list ? list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [];
}
