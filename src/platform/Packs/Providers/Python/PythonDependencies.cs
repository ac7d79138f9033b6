using System.Text.RegularExpressions;
using Slipway.Toml;

namespace Slipway.Packs.Providers.Python;

/// <summary>What a Python application depends on, as far as its manifests name it: normalised names (PEP 503).</summary>
internal sealed partial class PythonDependencies
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    internal PythonDependencies(PackContext context)
    {
        foreach (var line in (context.Source.Text("requirements.txt") ?? "").Split('\n'))
        {
            Add(line);
        }

        var project = context.Document("pyproject.toml");
        foreach (var dependency in (project?.At("project", "dependencies") as List<object> ?? []).OfType<string>())
        {
            Add(dependency);
        }

        foreach (var name in (project?.At("tool", "poetry", "dependencies") as TomlTable ?? []).Keys.Concat((context.Document("Pipfile")?.At("packages") as TomlTable ?? []).Keys))
        {
            Add(name);
        }
    }

    internal bool Has(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (_names.Contains(name))
            {
                return true;
            }
        }

        return false;
    }

    internal IEnumerable<string> Names => _names;

    private void Add(string requirement)
    {
        if (Leading().Match(requirement) is { Success: true } match)
        {
            _names.Add(Separators().Replace(match.Groups[1].Value.ToLowerInvariant(), "-"));
        }
    }

    [GeneratedRegex(@"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")]
    private static partial Regex Leading();

    [GeneratedRegex("[-_.]+")]
    private static partial Regex Separators();
}
