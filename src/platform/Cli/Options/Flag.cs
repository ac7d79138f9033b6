namespace Slipway.Cli.Options;

/// <summary>How a flag's value is read; the lower-case name is what help shows.</summary>
internal enum FlagKind
{
    Bool,
    String,

    /// <summary>Repeated; every occurrence is one element.</summary>
    List,

    /// <summary>Repeated, and each occurrence may hold several elements separated by commas.</summary>
    Strings,
    Map,
    Filter,
    Int,
    Uint16,
    Duration,
    Bytes,
    Decimal,
}

/// <summary>One flag of a verb.</summary>
/// <param name="Name">Long name without dashes.</param>
/// <param name="Short">One letter, or '\0'.</param>
/// <param name="Kind">How values are read.</param>
/// <param name="Help">What it does, in a line.</param>
/// <param name="Default">Value when absent; empty for none.</param>
internal sealed record Flag(string Name, char Short, FlagKind Kind, string Help, string Default = "")
{
    /// <summary>What help prints behind the name, such as <c>mount</c>, when the kind says too little.</summary>
    public string? Label { get; init; }

    /// <summary>Understood but not shown in help.</summary>
    public bool Hidden { get; init; }

    /// <summary>The value meant by <c>--name</c> without one; null when a value must follow.</summary>
    public string? Implied { get; init; } = Kind == FlagKind.Bool ? "true" : null;

    /// <summary><c>-m, --memory</c>, as in messages.</summary>
    public string Display => Short == '\0' ? "--" + Name : $"-{Short}, --{Name}";
}
