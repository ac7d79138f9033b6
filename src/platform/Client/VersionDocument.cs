using System.Text.Json;
using Slipway.DockerApi;

namespace Slipway.Client;

/// <summary>
/// Reads the answer of <c>GET /version</c> by hand: the serializer's generic code is compiled at run time and would take
/// a third of the 60 ms that <c>slipway version</c> may take.
/// </summary>
internal static class VersionDocument
{
    internal static SystemVersion Read(JsonElement root) => new()
    {
        Platform = new PlatformName { Name = root.TryGetProperty("Platform", out var platform) ? Text(platform, "Name") : "" },
        Components = root.TryGetProperty("Components", out var components) && components.ValueKind == JsonValueKind.Array
            ? [.. components.EnumerateArray().Select(Component)]
            : [],
        Version = Text(root, "Version"),
        ApiVersion = Text(root, "ApiVersion"),
        MinAPIVersion = Text(root, "MinAPIVersion"),
        GitCommit = Text(root, "GitCommit"),
        GoVersion = Text(root, "GoVersion"),
        Os = Text(root, "Os"),
        Arch = Text(root, "Arch"),
        KernelVersion = Text(root, "KernelVersion"),
        Experimental = root.TryGetProperty("Experimental", out var experimental) && experimental.ValueKind == JsonValueKind.True,
        BuildTime = Text(root, "BuildTime"),
    };

    private static ComponentVersion Component(JsonElement component)
    {
        var details = new Dictionary<string, string>(StringComparer.Ordinal);
        if (component.TryGetProperty("Details", out var members) && members.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in members.EnumerateObject())
            {
                details[member.Name] = member.Value.ToString();
            }
        }

        return new ComponentVersion { Name = Text(component, "Name"), Version = Text(component, "Version"), Details = details };
    }

    private static string Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
