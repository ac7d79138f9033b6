using System.Text;

namespace Slipway.Cli.Options;

/// <summary>Help for one verb, made from its table.</summary>
internal static class HelpPage
{
    private const int Width = 80;

    public static string UsageLine(string path, Verb verb)
    {
        string options = verb.Flags.All.Any(f => !f.Hidden) ? " [OPTIONS]" : "";
        return $"Usage:  slipway {path}{options}{(verb.Usage.Length > 0 ? " " : "")}{verb.Usage}";
    }

    public static string Verb(string path, string summary, IReadOnlyList<string> aliases, Verb verb)
    {
        StringBuilder page = new();
        page.Append(UsageLine(path, verb)).Append("\n\n").Append(summary).Append('\n');
        if (verb.Details.Length > 0)
        {
            page.Append('\n').Append(verb.Details).Append('\n');
        }

        if (aliases.Count > 1)
        {
            page.Append("\nAliases:\n  ").AppendJoin(", ", aliases.Select(a => "slipway " + a)).Append('\n');
        }

        if (verb.Flags.All.Any(f => !f.Hidden))
        {
            page.Append("\nOptions:\n");
            Flags(page, verb.Flags);
        }

        return page.ToString();
    }

    public static void Flags(StringBuilder page, FlagTable table)
    {
        Flag[] shown = [.. table.All.Where(f => !f.Hidden).OrderBy(f => f.Name, StringComparer.Ordinal)];
        int column = shown.Max(f => Left(f).Length) + 3;
        foreach (Flag flag in shown)
        {
            string help = flag.Help + (flag.Default.Length == 0 ? ""
                : flag.Kind == FlagKind.String ? $" (default \"{flag.Default}\")" : $" (default {flag.Default})");
            page.Append(Left(flag).PadRight(column)).Append(Wrap(help, column)).Append('\n');
        }
    }

    private static string Left(Flag flag)
    {
        string letter = flag.Short == '\0' ? "      " : $"  -{flag.Short}, ";
        string label = flag.Label ?? (flag.Kind == FlagKind.Bool ? "" : flag.Kind.ToString().ToLowerInvariant());
        return $"{letter}--{flag.Name}{(label.Length > 0 ? " " : "")}{label}";
    }

    private static string Wrap(string text, int column)
    {
        int width = Math.Max(Width - column, 30);
        StringBuilder wrapped = new();
        int used = 0;
        foreach (string word in text.Split(' '))
        {
            if (used > 0 && used + 1 + word.Length > width)
            {
                wrapped.Append('\n').Append(' ', column);
                used = 0;
            }

            wrapped.Append(used > 0 ? " " : "").Append(word);
            used += word.Length + (used > 0 ? 1 : 0);
        }

        return wrapped.ToString();
    }
}
