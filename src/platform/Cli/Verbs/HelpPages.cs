using System.Text;
using Slipway.Cli.Options;

namespace Slipway.Cli.Verbs;

/// <summary>Help without a verb: the first page, and the one of a group.</summary>
internal static class HelpPages
{
    public static string Root()
    {
        StringBuilder page = new("Usage:  slipway [OPTIONS] COMMAND\n\nContainers, from source to running, on a machine of your own\n");
        page.Append("\nCommon Commands:\n");
        List(page, Top(common: true));
        page.Append("\nManagement Commands:\n");
        List(page, VerbTable.Groups);
        page.Append("\nCommands:\n");
        List(page, Top(common: false).OrderBy(v => v.Name, StringComparer.Ordinal));
        page.Append("\nGlobal Options:\n");
        HelpPage.Flags(page, GlobalOptions.Table);
        return page.Append("\nRun 'slipway COMMAND --help' for more information on a command.\n").ToString();
    }

    public static string Group(string group)
    {
        string summary = Array.Find(VerbTable.Groups, g => g.Name == group).Summary;
        StringBuilder page = new($"Usage:  slipway {group} COMMAND\n\n{summary}\n\nCommands:\n");
        List(page, VerbTable.InGroup(group).Select(v => (v.Name, v.Entry.Summary)));
        return page.Append("\nRun 'slipway ").Append(group).Append(" COMMAND --help' for more information on a command.\n").ToString();
    }

    private static IEnumerable<(string Name, string Summary)> Top(bool common) =>
        VerbTable.All.Where(e => !e.Hidden && e.Common == common && !e.Names[0].Contains(' ')).Select(e => (e.Names[0], e.Summary));

    private static void List(StringBuilder page, IEnumerable<(string Name, string Summary)> verbs)
    {
        foreach ((string name, string summary) in verbs)
        {
            page.Append("  ").Append(name.PadRight(12)).Append(summary).Append('\n');
        }
    }
}
