using System.Globalization;

namespace Slipway.Cli.Options;

/// <summary>
/// Reads flags with the rules of docker's client (spf13/pflag): <c>--name value</c>, <c>--name=value</c>, <c>-n value</c>,
/// <c>-nvalue</c>, grouped letters, <c>--</c>; for some verbs the first argument ends the flags.
/// </summary>
internal sealed class FlagParser
{
    private readonly FlagTable _table;
    private readonly IReadOnlyList<string> _words;
    private readonly FlagValues _values;
    private int _next;

    private FlagParser(FlagTable table, IReadOnlyList<string> words)
    {
        (_table, _words) = (table, words);
        _values = new FlagValues(table);
    }

    /// <exception cref="UsageException">An unknown flag or a value that does not fit.</exception>
    public static FlagValues Parse(FlagTable table, IReadOnlyList<string> words, bool flagsFirst) =>
        new FlagParser(table, words).Parse(flagsFirst);

    private FlagValues Parse(bool flagsFirst)
    {
        while (_next < _words.Count)
        {
            string word = _words[_next++];
            if (word == "--")
            {
                break;
            }

            if (word.Length < 2 || word[0] != '-')
            {
                _values.Arguments.Add(word);
                if (flagsFirst)
                {
                    break;
                }
            }
            else if (word[1] == '-')
            {
                Long(word[2..]);
            }
            else
            {
                Letters(word);
            }
        }

        _values.Arguments.AddRange(_words.Skip(_next));
        return _values;
    }

    private void Long(string word)
    {
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? word : word[..equals];
        if (name.Length == 0 || name[0] == '-')
        {
            throw new UsageException($"bad flag syntax: --{word}");
        }

        Flag flag = _table.Find(name) ?? (name == "help" ? throw new HelpRequest() : throw new UsageException($"unknown flag: --{name}"));
        string value = equals >= 0 ? word[(equals + 1)..]
            : flag.Implied ?? Following() ?? throw new UsageException($"flag needs an argument: --{name}");
        Set(flag, value);
    }

    private void Letters(string word)
    {
        for (int i = 1; i < word.Length; i++)
        {
            char letter = word[i];
            Flag? flag = _table.Find(letter);
            if (flag is null)
            {
                throw letter == 'h' ? new HelpRequest() : new UsageException($"unknown shorthand flag: '{letter}' in {word}");
            }

            string rest = word[(i + 1)..];
            if (rest.StartsWith('='))
            {
                Set(flag, rest[1..]);
                return;
            }

            if (flag.Implied is { } implied)
            {
                Set(flag, implied);
                continue;
            }

            Set(flag, rest.Length > 0 ? rest
                : Following() ?? throw new UsageException($"flag needs an argument: '{letter}' in {word}"));
            return;
        }
    }

    private string? Following() => _next < _words.Count ? _words[_next++] : null;

    private void Set(Flag flag, string value)
    {
        try
        {
            Check(flag.Kind, value);
        }
        catch (FormatException e)
        {
            throw new UsageException($"invalid argument \"{value}\" for \"{flag.Display}\" flag: {e.Message}");
        }

        _values.Set(flag, flag.Kind == FlagKind.Bool ? ReadBool(value)!.Value ? "true" : "false" : value);
    }

    private static void Check(FlagKind kind, string value)
    {
        switch (kind)
        {
            case FlagKind.Bool when ReadBool(value) is null:
                throw new FormatException($"strconv.ParseBool: parsing \"{value}\": invalid syntax");
            case FlagKind.Int when !long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _):
                throw new FormatException($"strconv.ParseInt: parsing \"{value}\": invalid syntax");
            case FlagKind.Uint16 when !ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _):
                throw new FormatException($"strconv.ParseUint: parsing \"{value}\": invalid syntax");
            case FlagKind.Duration: GoDuration.Parse(value); break;
            case FlagKind.Bytes: ByteSize.Parse(value); break;
            case FlagKind.Decimal: CpuCount.Parse(value); break;
            case FlagKind.Filter when !value.Contains('=', StringComparison.Ordinal):
                throw new FormatException("bad format of filter (expected name=value)");
        }
    }

    private static bool? ReadBool(string value) => value switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => null,
    };
}

/// <summary>The user asked for help with <c>--help</c> or <c>-h</c>.</summary>
internal sealed class HelpRequest : Exception;
