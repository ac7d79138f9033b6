namespace Slipway.Cli.Options;

/// <summary>The flags of a verb, in the order in which they were declared; help sorts them.</summary>
internal sealed class FlagTable
{
    private readonly List<Flag> _flags = [];
    private readonly Dictionary<string, Flag> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<char, Flag> _byLetter = [];

    public IReadOnlyList<Flag> All => _flags;

    public FlagTable Add(Flag flag)
    {
        _flags.Add(flag);
        _byName.Add(flag.Name, flag);
        if (flag.Short != '\0')
        {
            _byLetter.Add(flag.Short, flag);
        }

        return this;
    }

    public FlagTable Bool(string name, char letter, string help, bool value = false) =>
        Add(new Flag(name, letter, FlagKind.Bool, help, value ? "true" : ""));

    public FlagTable Bool(string name, string help, bool value = false) => Bool(name, '\0', help, value);

    public FlagTable String(string name, char letter, string help, string value = "") =>
        Add(new Flag(name, letter, FlagKind.String, help, value));

    public FlagTable String(string name, string help, string value = "") => String(name, '\0', help, value);

    public FlagTable List(string name, char letter, string help) => Add(new Flag(name, letter, FlagKind.List, help));

    public FlagTable List(string name, string help) => List(name, '\0', help);

    public FlagTable Strings(string name, string help) => Add(new Flag(name, '\0', FlagKind.Strings, help));

    public FlagTable Map(string name, char letter, string help) => Add(new Flag(name, letter, FlagKind.Map, help));

    public FlagTable Map(string name, string help) => Map(name, '\0', help);

    public FlagTable Filter(string help = "Only show what fits the conditions", char letter = 'f') =>
        Add(new Flag("filter", letter, FlagKind.Filter, help));

    public FlagTable Int(string name, char letter, string help, string value = "") =>
        Add(new Flag(name, letter, FlagKind.Int, help, value));

    public FlagTable Int(string name, string help, string value = "") => Int(name, '\0', help, value);

    public FlagTable Duration(string name, string help) => Add(new Flag(name, '\0', FlagKind.Duration, help));

    public FlagTable Bytes(string name, char letter, string help) => Add(new Flag(name, letter, FlagKind.Bytes, help));

    public FlagTable Bytes(string name, string help) => Bytes(name, '\0', help);

    /// <summary><c>--format</c> of listings (long only) or of inspections (<c>-f</c>).</summary>
    public FlagTable Format(char letter = '\0') => String(
        "format", letter, "Print in another way: 'json', 'TEMPLATE'" + (letter == '\0' ? ", 'table' or 'table TEMPLATE'" : "") + " (Go template)");

    public Flag? Find(string name) => _byName.GetValueOrDefault(name);

    public Flag? Find(char letter) => _byLetter.GetValueOrDefault(letter);
}
