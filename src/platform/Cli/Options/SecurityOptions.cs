using System.Text.Json;
using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>Reads <c>--security-opt</c>; a seccomp profile is a file of the client and travels as JSON.</summary>
internal static class SecurityOptions
{
    // The engine reads at most 4 MiB of a request; docker's own profile has 20 KiB.
    private const long LargestProfile = 2 * 1024 * 1024;

    /// <returns>Options to send, and whether the masked and read-only paths of /proc and /sys are to be left open.</returns>
    /// <exception cref="FormatException">An option that is none, or a profile that cannot be read.</exception>
    public static (List<string> Options, bool OpenSystemPaths) Read(IEnumerable<string> values)
    {
        List<string> options = [];
        bool open = false;
        foreach (string value in values)
        {
            char separator = value.Contains('=', StringComparison.Ordinal) ? '=' : ':';
            (string key, string argument) = Pairs.Split(value, separator);
            if (argument.Length == 0 && key != "no-new-privileges")
            {
                throw new FormatException($"invalid --security-opt: \"{value}\"");
            }

            if (key == "systempaths" && argument == "unconfined")
            {
                open = true;
            }
            else
            {
                options.Add(key == "seccomp" && argument is not ("unconfined" or "builtin") ? "seccomp=" + Profile(argument) : value);
            }
        }

        return (options, open);
    }

    private static string Profile(string path)
    {
        try
        {
            FileInfo file = new(path);
            if (file.Exists && file.Length > LargestProfile)
            {
                throw new FormatException($"opening seccomp profile ({path}) failed: larger than 2 MiB");
            }

            return JsonNode.Parse(File.ReadAllBytes(path))!.ToJsonString();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FormatException($"opening seccomp profile ({path}) failed: {e.Message}");
        }
        catch (JsonException e)
        {
            throw new FormatException($"compacting json for seccomp profile ({path}) failed: {e.Message}");
        }
    }
}
