using Slipway.Packs.Providers;

namespace Slipway.Packs.Writing;

/// <summary>What a build's commands get beside files: arguments, secrets and directories that are kept.</summary>
internal sealed class BuildInputs(Draft draft, PackOptions options)
{
    /// <summary>Names of arguments that a phase may see. Installing sees those of its package manager only, so that others do not repeat it.</summary>
    internal IEnumerable<string> Arguments(bool installs) =>
        options.Environment.Keys.Where(n => IsName(n) && !IsSetting(n) && !draft.Variables.ContainsKey(n) && !draft.BuildVariables.ContainsKey(n) && Visible(n, installs)).Order(StringComparer.Ordinal);

    /// <summary>The mounts of a command, each with a space behind it.</summary>
    internal IEnumerable<string> Mounts(DraftPhase phase, string command, bool installs)
    {
        if (!options.Mounts)
        {
            yield break;
        }

        foreach (var directory in NoCache() ? [] : phase.Caches.Where(c => !Disturbs(command, c)))
        {
            var target = directory.StartsWith("~/", StringComparison.Ordinal) ? "/root" + directory[1..] : directory.StartsWith('/') ? directory : "/app/" + directory;
            if (target.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-'))
            {
                yield return $"--mount=type=cache,id={Id(target)},target={target},sharing=locked ";
            }
        }

        foreach (var secret in options.Secrets.Where(n => IsName(n) && Visible(n, installs)).Order(StringComparer.Ordinal))
        {
            yield return $"--mount=type=secret,id={secret},env={secret} ";
        }
    }

    /// <summary>Whether a name can be a variable's.</summary>
    internal static bool IsName(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');

    private static bool IsSetting(string name) => name.StartsWith("NIXPACKS_", StringComparison.Ordinal) || name.StartsWith("PACK_", StringComparison.Ordinal);

    private bool Visible(string name, bool installs) => !installs || draft.InstallPrefixes.Any(p => name.StartsWith(p, StringComparison.Ordinal));

    private bool NoCache() => PackContext.IsTrue(options.Environment.GetValueOrDefault("NIXPACKS_NO_CACHE") ?? options.Environment.GetValueOrDefault("PACK_NO_CACHE"));

    /// <summary>Commands that remove a directory fail when a mount lies below it.</summary>
    private static bool Disturbs(string command, string cache) =>
        (cache.Contains("node_modules", StringComparison.Ordinal) && (command.Contains("npm ci", StringComparison.Ordinal) || command.Contains("rm -rf node_modules", StringComparison.Ordinal)))
        || (cache.Contains(".next", StringComparison.Ordinal) && command.Contains("rm -rf .next", StringComparison.Ordinal));

    /// <summary>As Nixpacks names caches: the key and the directory, without dots.</summary>
    private string Id(string target) =>
        (options.CacheKey.Length > 0 ? string.Concat(options.CacheKey.Select(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' ? c : '-')) : "pack") + "-" + target.Replace(".", "", StringComparison.Ordinal).TrimStart('/');
}
