namespace Slipway.Compose.Files;

/// <summary>What an application is read from.</summary>
public sealed record LoadOptions
{
    /// <summary>The client's working directory.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>The client's environment.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Files in the order of <c>-f</c>; <c>-</c> is standard input; none means to look for them.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Directory of relative paths; null for the first file's.</summary>
    public string? ProjectDirectory { get; init; }

    /// <summary>Name of the project; null for the files' own.</summary>
    public string? ProjectName { get; init; }

    /// <summary>Profiles that are switched on; <c>*</c> is all of them.</summary>
    public IReadOnlyList<string> Profiles { get; init; } = [];

    /// <summary>Files of variables instead of <c>.env</c>.</summary>
    public IReadOnlyList<string> EnvFiles { get; init; } = [];

    /// <summary>Whether files outside of the project directory may be read by <c>include</c>, <c>extends</c>, <c>env_file</c> and <c>label_file</c>.</summary>
    public bool AllowOutside { get; init; }

    /// <summary>Whether the files are somebody else's: what would reach beyond the containers is refused.</summary>
    public bool Untrusted { get; init; }

    /// <summary>Whether names of containers and images are put together with underscores.</summary>
    public bool Compatibility { get; init; }

    /// <summary>Whether what the files leave unsaid is said: the default network, names of resources, implied dependencies.</summary>
    public bool Normalize { get; init; } = true;

    /// <summary>Whether paths that nothing here reads are made absolute.</summary>
    public bool ResolvePaths { get; init; } = true;

    /// <summary>Whether it is checked that the parts fit together.</summary>
    public bool CheckConsistency { get; init; } = true;

    /// <summary>Is told of each use of a variable.</summary>
    public Action<VariableUse>? Variables { get; init; }

    /// <summary>Whether variables are put in.</summary>
    public bool Interpolate { get; init; } = true;

    /// <summary>Whether <c>env_file</c> and <c>label_file</c> are read, so that their content stands where it belongs.</summary>
    public bool ReadEnvFiles { get; init; } = true;

    /// <summary>Reads standard input.</summary>
    public Func<string> ReadInput { get; init; } = () => "";

    /// <summary>Is told what is worth knowing but no error.</summary>
    public Action<string> Warn { get; init; } = _ => { };
}
