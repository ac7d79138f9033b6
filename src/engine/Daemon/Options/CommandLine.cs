namespace Slipway.Daemon.Options;

/// <summary>One option that was given, with the values in their order.</summary>
public sealed record GivenOption(DaemonOption Option, List<string> Values);

/// <summary>
/// Reads the command line as Go's pflag does: <c>--name value</c>, <c>--name=value</c>, <c>-n value</c>, <c>-nvalue</c>, <c>-n=value</c>,
/// switches without a value. Nothing but options is accepted.
/// </summary>
public static class CommandLine
{
    /// <summary>Reads the arguments.</summary>
    /// <exception cref="OptionException">An option is unknown or lacks its value.</exception>
    public static IReadOnlyList<GivenOption> Read(IReadOnlyList<string> arguments)
    {
        var given = new List<GivenOption>();
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            var (option, value) = argument switch
            {
                ['-', '-', _, ..] => Long(argument),
                ['-', not '-', ..] => Short(argument),
                _ => throw new OptionException($"unexpected argument \"{argument}\": slipwayd takes options only"),
            };
            value ??= option.Shape == OptionShape.Switch ? "true"
                : ++i < arguments.Count ? arguments[i]
                : throw new OptionException($"option {argument} needs a value");
            Add(given, option, value);
        }

        return given;
    }

    private static (DaemonOption Option, string? Value) Long(string argument)
    {
        var equals = argument.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? argument[2..] : argument[2..equals];
        var option = OptionTable.All.FirstOrDefault(o => o.Flag == name) ?? throw new OptionException($"unknown option: --{name}");
        return (option, equals < 0 ? null : argument[(equals + 1)..]);
    }

    private static (DaemonOption Option, string? Value) Short(string argument)
    {
        var option = OptionTable.All.FirstOrDefault(o => o.Short == argument[1]) ?? throw new OptionException($"unknown option: -{argument[1]}");
        return (option, argument.Length == 2 ? null : argument[2] == '=' ? argument[3..] : argument[2..]);
    }

    private static void Add(List<GivenOption> given, DaemonOption option, string value)
    {
        var earlier = given.Find(g => g.Option == option);
        if (earlier is null)
        {
            given.Add(new GivenOption(option, [value]));
        }
        else
        {
            earlier.Values.Add(value);
        }
    }
}
