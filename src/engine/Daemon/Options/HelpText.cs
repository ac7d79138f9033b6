using System.Text;

namespace Slipway.Daemon.Options;

/// <summary>What <c>--help</c> prints: the option table itself.</summary>
internal static class HelpText
{
    public static string Write()
    {
        var text = new StringBuilder("Usage: slipwayd [OPTIONS]\n\nThe Slipway engine daemon: the Docker Engine API on a socket.\n\nOptions:\n");
        foreach (var option in OptionTable.All.OrderBy(o => o.Flag, StringComparer.Ordinal))
        {
            var kind = option.Shape switch
            {
                OptionShape.Switch => "",
                OptionShape.Number => " int",
                OptionShape.Text => " string",
                OptionShape.List => " list",
                _ => " key=value",
            };
            text.Append(option.Short is { } c ? $"  -{c}, " : "      ").Append($"--{option.Flag}{kind}".PadRight(38)).Append(option.Help).Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }
}
