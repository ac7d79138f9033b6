using System.Text.Json;
using Slipway.Build.Graph;

namespace Slipway.Build.Results.Attestations;

/// <summary>What an image was made of and how (SLSA provenance v0.2, with BuildKit's build type).</summary>
internal static class ProvenanceDocument
{
    internal const string PredicateType = "https://slsa.dev/provenance/v0.2";

    private const string BuildType = "https://mobyproject.org/buildkit@v1";

    internal static byte[] Write(PlannedBuild plan, ProvenanceForm form, IReadOnlyList<AttestationSubject> subjects, TimeProvider time) => Statement.Write(PredicateType, subjects, json =>
    {
        json.WriteStartObject("builder");
        json.WriteString("id", "");
        json.WriteEndObject();
        json.WriteString("buildType", BuildType);
        Materials(json, plan);
        Invocation(json, plan, form);
        json.WriteStartObject("metadata");
        json.WriteString("buildInvocationID", form.BuildId);
        json.WriteString("buildStartedOn", form.Started.UtcDateTime);
        json.WriteString("buildFinishedOn", time.GetUtcNow().UtcDateTime);
        json.WriteStartObject("completeness");
        json.WriteBoolean("parameters", form.Everything);
        json.WriteBoolean("environment", true);
        json.WriteBoolean("materials", !plan.Graph.Operations.OfType<LocalSource>().Any());
        json.WriteEndObject();
        json.WriteBoolean("reproducible", false);
        json.WriteEndObject();
    });

    private static void Materials(Utf8JsonWriter json, PlannedBuild plan)
    {
        json.WriteStartArray("materials");
        foreach (var image in plan.Graph.Operations.OfType<ImageSource>())
        {
            var name = image.Reference;
            var digest = image.Resolved?.Digest;
            Material(json, $"pkg:docker/{name.FamiliarName}@{name.Tag ?? digest?.ToString() ?? "latest"}?platform={Uri.EscapeDataString(plan.Graph.Config.Platform.ToString())}", digest?.Algorithm, digest?.Hex);
        }

        foreach (var http in plan.Graph.Operations.OfType<HttpSource>())
        {
            Material(json, http.Url, http.Checksum?.Algorithm, http.Checksum?.Hex);
        }

        foreach (var git in plan.Graph.Operations.OfType<GitSource>())
        {
            Material(json, git.Ref.Length > 0 ? $"{git.Remote}#{git.Ref}" : git.Remote, git.Checksum is null ? null : "sha1", git.Checksum);
        }

        json.WriteEndArray();
    }

    private static void Material(Utf8JsonWriter json, string uri, string? algorithm, string? digest)
    {
        json.WriteStartObject();
        json.WriteString("uri", uri);
        if (algorithm is not null && digest is not null)
        {
            json.WriteStartObject("digest");
            json.WriteString(algorithm, digest);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    // Values of build arguments may be nobody else's business, so that they are told only when everything is wanted.
    private static void Invocation(Utf8JsonWriter json, PlannedBuild plan, ProvenanceForm form)
    {
        json.WriteStartObject("invocation");
        json.WriteStartObject("configSource");
        json.WriteString("entryPoint", form.Options.GetValueOrDefault("filename") ?? "Dockerfile");
        json.WriteEndObject();
        json.WriteStartObject("parameters");
        json.WriteString("frontend", "dockerfile.v0");
        json.WriteStartObject("args");
        foreach (var (name, value) in form.Options.Where(option => form.Everything || !IsPrivate(option.Key)).OrderBy(option => option.Key, StringComparer.Ordinal))
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteStartArray("locals");
        foreach (var name in plan.Graph.Operations.OfType<LocalSource>().Select(local => local.ContextName).Append("dockerfile").Distinct())
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject("environment");
        json.WriteString("platform", Oci.Platform.Host.ToString());
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static bool IsPrivate(string option) =>
        option.StartsWith("build-arg:", StringComparison.Ordinal) || option.StartsWith("label:", StringComparison.Ordinal) || option.StartsWith("attest:", StringComparison.Ordinal);
}
