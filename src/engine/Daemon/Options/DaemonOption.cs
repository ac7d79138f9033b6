namespace Slipway.Daemon.Options;

/// <summary>How an option's value looks, on the command line and in <c>daemon.json</c>.</summary>
public enum OptionShape
{
    /// <summary>One text; a JSON string.</summary>
    Text,

    /// <summary>On or off; without a value on the command line it is on; a JSON truth value.</summary>
    Switch,

    /// <summary>A whole number; a JSON number.</summary>
    Number,

    /// <summary>May be given many times; a JSON list of strings.</summary>
    List,

    /// <summary><c>key=value</c>, many times; a JSON object of strings.</summary>
    Map,

    /// <summary><c>name=key=value</c>, many times; a JSON object of objects of strings.</summary>
    Nested,

    /// <summary><c>name=path</c>, many times; a JSON object of <c>{"path": …}</c>.</summary>
    Runtimes,

    /// <summary><c>name=soft:hard</c>, many times; a JSON object of <c>{"Soft": …, "Hard": …}</c>.</summary>
    Ulimits,

    /// <summary><c>base=CIDR,size=N</c>, many times; a JSON list of <c>{"base": …, "size": …}</c>.</summary>
    Pools,
}

/// <summary>One option of the daemon: a flag and the key of the same meaning.</summary>
/// <param name="Flag">Long name without dashes.</param>
/// <param name="Short">One-letter name, or null.</param>
/// <param name="Key">Key in <c>daemon.json</c>, or null for what only makes sense as a flag.</param>
/// <param name="Shape">How its value looks.</param>
/// <param name="Help">One line for <c>--help</c>.</param>
/// <param name="Apply">Takes one value over, or throws <see cref="OptionException"/>.</param>
public sealed record DaemonOption(string Flag, char? Short, string? Key, OptionShape Shape, string Help, Action<DaemonSettings, string> Apply);

/// <summary>A flag or key that is unknown, malformed or refused; the message names it.</summary>
public sealed class OptionException : Exception
{
    /// <summary>Creates it.</summary>
    public OptionException(string message)
        : base(message)
    {
    }
}
