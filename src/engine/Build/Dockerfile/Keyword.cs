namespace Slipway.Build.Dockerfile;

/// <summary>The instructions of the language (Dockerfile reference).</summary>
public enum Keyword
{
    /// <summary>None of them.</summary>
    Unknown,

    /// <summary>Copies files, archives, addresses and repositories.</summary>
    Add,

    /// <summary>Declares a build argument.</summary>
    Arg,

    /// <summary>Default arguments.</summary>
    Cmd,

    /// <summary>Copies files.</summary>
    Copy,

    /// <summary>Default program.</summary>
    Entrypoint,

    /// <summary>Sets variables.</summary>
    Env,

    /// <summary>Names ports.</summary>
    Expose,

    /// <summary>Begins a stage.</summary>
    From,

    /// <summary>Sets the health test.</summary>
    Healthcheck,

    /// <summary>Adds metadata.</summary>
    Label,

    /// <summary>Names the author (deprecated).</summary>
    Maintainer,

    /// <summary>Leaves an instruction for images that build on this one.</summary>
    Onbuild,

    /// <summary>Runs a command.</summary>
    Run,

    /// <summary>Sets the shell of the shell form.</summary>
    Shell,

    /// <summary>Sets the signal that stops.</summary>
    Stopsignal,

    /// <summary>Sets the user.</summary>
    User,

    /// <summary>Names paths that hold data.</summary>
    Volume,

    /// <summary>Sets the directory.</summary>
    Workdir,
}

/// <summary>Spelling of the instructions.</summary>
internal static class Keywords
{
    /// <summary>All names, in upper case, in the order of <see cref="Keyword"/>.</summary>
    internal static readonly string[] Names = [.. Enum.GetNames<Keyword>().Skip(1).Select(name => name.ToUpperInvariant())];

    /// <summary>The instruction of that name in any case.</summary>
    internal static Keyword Find(ReadOnlySpan<char> name)
    {
        for (var i = 0; i < Names.Length; i++)
        {
            if (name.Equals(Names[i], StringComparison.OrdinalIgnoreCase))
            {
                return (Keyword)(i + 1);
            }
        }

        return Keyword.Unknown;
    }
}
