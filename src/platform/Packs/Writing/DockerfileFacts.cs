using System.Globalization;

namespace Slipway.Packs.Writing;

/// <summary>What a Dockerfile that somebody wrote says about ports, images and arguments. The builder reads it properly later.</summary>
/// <param name="BaseImages">Images it starts from, as far as they are no variables.</param>
/// <param name="Port">The first exposed port of the stage; null for none.</param>
/// <param name="Arguments">Arguments it declares.</param>
internal sealed record DockerfileFacts(IReadOnlyList<string> BaseImages, int? Port, IReadOnlySet<string> Arguments)
{
    private static readonly char[] s_blank = [' ', '\t'];

    internal static DockerfileFacts Of(string text, string? target)
    {
        var images = new List<string>();
        var stages = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "scratch" };
        var arguments = new HashSet<string>(StringComparer.Ordinal);
        int? port = null;
        var passed = false;
        foreach (var line in text.Replace("\\\r\n", " ", StringComparison.Ordinal).Replace("\\\n", " ", StringComparison.Ordinal).Split('\n'))
        {
            var words = line.Split(s_blank, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            switch (words is [] ? "" : words[0].ToUpperInvariant())
            {
                case "FROM":
                    var from = words.Skip(1).SkipWhile(w => w.StartsWith("--", StringComparison.Ordinal)).ToArray();
                    passed |= target is not null && stages.Contains(target);
                    if (from.Length > 0 && !stages.Contains(from[0]) && !from[0].Contains('$', StringComparison.Ordinal) && !passed)
                    {
                        images.Add(from[0]);
                    }

                    stages.Add(from.Length > 2 ? from[2] : "");
                    port = passed ? port : null;
                    break;
                case "EXPOSE" when !passed && port is null && words.Length > 1:
                    port = int.TryParse(words[1].Split('/', '-')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
                    break;
                case "ARG":
                    arguments.UnionWith(words.Skip(1).Select(w => w.Split('=')[0]));
                    break;
            }
        }

        return new DockerfileFacts([.. images.Distinct()], port, arguments);
    }
}
