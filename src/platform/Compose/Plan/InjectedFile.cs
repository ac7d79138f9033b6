using System.Text;
using Slipway.Compose.Files;
using Slipway.Compose.Model;

namespace Slipway.Compose.Plan;

/// <summary>A secret or config whose content is copied into a container.</summary>
/// <param name="Path">Absolute path in the container.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="Mode">Permissions.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
public sealed record InjectedFile(string Path, byte[] Content, int Mode, int Uid, int Gid)
{
    private const int UsualMode = 292; // 0444

    /// <summary>The files of a service.</summary>
    /// <exception cref="ComposeException">The variable with the content is not set.</exception>
    public static IReadOnlyList<InjectedFile> Of(Project project, Service service) =>
        [.. Of(project, service, "secrets", project.Secrets), .. Of(project, service, "configs", project.Configs)];

    /// <summary>Where a reference puts its file.</summary>
    internal static string Target(Mapping reference, string key)
    {
        string target = reference.Text("target") ?? "/" + reference.Text("source");
        return target.StartsWith('/') ? target : key == "secrets" ? "/run/secrets/" + target : "/" + target;
    }

    private static IEnumerable<InjectedFile> Of(Project project, Service service, string key, IReadOnlyDictionary<string, FileModel> files)
    {
        foreach (Mapping reference in service.Map.Items(key).OfType<Mapping>())
        {
            FileModel file = files[reference.Text("source")!];
            string? content = file.Content ?? (file.Variable is { } name ? project.Variables.GetValueOrDefault(name)
                ?? throw new ComposeException(file.Map.At, $"{key}.{file.Key}", $"the environment variable \"{name}\" is not set") : null);
            if (content is not null)
            {
                yield return new InjectedFile(Target(reference, key), Encoding.UTF8.GetBytes(content), (int)(reference.Number("mode") ?? UsualMode), Id(reference, "uid"), Id(reference, "gid"));
            }
        }
    }

    private static int Id(Mapping reference, string key) => (int)(reference.Number(key) ?? 0);
}
