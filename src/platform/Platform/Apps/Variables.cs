using System.Text;
using Slipway.Platform.Model;
using Slipway.Platform.Secrets;
using Slipway.Platform.Store;

namespace Slipway.Platform.Apps;

/// <summary>
/// Works out what variables say. <c>$NAME</c> and <c>${NAME}</c> refer to variables of the same application, <c>{{project.NAME}}</c> and
/// <c>{{environment.NAME}}</c> to shared ones, <c>$$</c> is a dollar; literal ones stay byte for byte as they are.
/// </summary>
public sealed class Variables(PlatformStore store, SecretBox secrets)
{
    private const int MaxDepth = 16;

    /// <summary>What containers or builds get, in the order of their names.</summary>
    /// <param name="app">The application.</param>
    /// <param name="variables">Its variables, or those of a release.</param>
    /// <param name="build">Those of builds instead of those of containers.</param>
    public IReadOnlyDictionary<string, string> Resolve(App app, IReadOnlyList<Variable> variables, bool build)
    {
        var scope = new Scope(variables.ToDictionary(variable => variable.Key, StringComparer.Ordinal), Shared(app), secrets);
        var result = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var variable in variables.Where(variable => build ? variable.Build : variable.Run))
        {
            result[variable.Key] = scope.ValueOf(variable, 0);
        }

        return result;
    }

    /// <summary>Redacts the secrets of an application, and what else must not be seen.</summary>
    public Redaction RedactionOf(App app, params IEnumerable<string> further) =>
        new(app.Variables.Where(variable => variable.Secret || (variable.Generated && !MagicVariables.IsAddress(variable.Key))).Select(variable => secrets.Reveal(variable.Sealed)).Concat(further));

    private Dictionary<string, Variable> Shared(App app)
    {
        var environment = store.Environments.Find(app.EnvironmentId);
        var project = store.Projects.Find(environment?.ProjectId);
        return (environment?.Shared ?? []).Select(variable => ("environment." + variable.Key, variable))
            .Concat((project?.Shared ?? []).Select(variable => ("project." + variable.Key, variable)))
            .ToDictionary(pair => pair.Item1, pair => pair.variable, StringComparer.Ordinal);
    }

    private sealed record Scope(Dictionary<string, Variable> Own, Dictionary<string, Variable> Shared, SecretBox Secrets)
    {
        internal string ValueOf(Variable variable, int depth)
        {
            var text = Secrets.Reveal(variable.Sealed);
            return variable.Literal ? text : Expand(text, variable.Key, depth);
        }

        private string Expand(string text, string key, int depth)
        {
            if (depth > MaxDepth)
            {
                throw Rules.Invalid($"variable {key} refers to itself");
            }

            var result = new StringBuilder();
            for (var index = 0; index < text.Length;)
            {
                var rest = text.AsSpan(index);
                var (value, length) = rest.StartsWith("$$") ? ("$", 2)
                    : rest.StartsWith("${") && rest.IndexOf('}') is > 2 and var end ? (Referred(rest[2..end].ToString(), key, depth), end + 1)
                    : rest[0] == '$' && NameLength(rest[1..]) is > 0 and var name ? (Referred(rest.Slice(1, name).ToString(), key, depth), name + 1)
                    : rest.StartsWith("{{") && rest.IndexOf("}}") is > 2 and var close ? (Other(rest[2..close].Trim().ToString(), depth), close + 2)
                    : (rest[..1].ToString(), 1);
                result.Append(value);
                index += length;
            }

            return result.Length <= 1024 * 1024 ? result.ToString() : throw Rules.Invalid($"variable {key} becomes too long");
        }

        // What nobody has set is empty, as in a shell.
        private string Referred(string name, string key, int depth) =>
            name == key ? "" : Own.TryGetValue(name, out var variable) ? ValueOf(variable, depth + 1) : "";

        private string Other(string name, int depth) => Shared.TryGetValue(name, out var variable) ? ValueOf(variable, depth + 1) : "{{" + name + "}}";

        private static int NameLength(ReadOnlySpan<char> text)
        {
            var length = 0;
            while (length < text.Length && (char.IsAsciiLetterOrDigit(text[length]) || text[length] == '_'))
            {
                length++;
            }

            return length > 0 && char.IsAsciiDigit(text[0]) ? 0 : length;
        }
    }
}
