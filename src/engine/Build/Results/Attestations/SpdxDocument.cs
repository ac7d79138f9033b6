using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Slipway.Build.Results.Attestations;

/// <summary>The packages in an image as an SPDX 2.3 document.</summary>
internal static class SpdxDocument
{
    internal const string PredicateType = "https://spdx.dev/Document";

    private const string Unknown = "NOASSERTION";

    internal static byte[] Write(PlannedBuild plan, IReadOnlyList<AttestationSubject> subjects, TimeProvider time)
    {
        using var tree = plan.OpenTree();
        var (packages, distribution) = InstalledPackages.Of(tree.Root);
        var created = plan.Graph.SourceDateEpoch is { } epoch ? DateTimeOffset.FromUnixTimeSeconds(epoch) : time.GetUtcNow();
        return Statement.Write(PredicateType, subjects, json =>
        {
            json.WriteString("spdxVersion", "SPDX-2.3");
            json.WriteString("dataLicense", "CC0-1.0");
            json.WriteString("SPDXID", "SPDXRef-DOCUMENT");
            json.WriteString("name", "sbom");
            json.WriteString("documentNamespace", $"https://slipway.dev/spdx/{subjects[0].Digest.Hex}");
            json.WriteStartObject("creationInfo");
            json.WriteString("created", created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture));
            json.WriteStartArray("creators");
            json.WriteStringValue("Organization: Slipway");
            json.WriteStringValue("Tool: slipway-" + (typeof(SpdxDocument).Assembly.GetName().Version?.ToString(3) ?? "0"));
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartArray("packages");
            foreach (var package in packages)
            {
                Package(json, package, distribution);
            }

            json.WriteEndArray();
            json.WriteStartArray("relationships");
            foreach (var package in packages)
            {
                json.WriteStartObject();
                json.WriteString("spdxElementId", "SPDXRef-DOCUMENT");
                json.WriteString("relatedSpdxElement", Id(package));
                json.WriteString("relationshipType", "DESCRIBES");
                json.WriteEndObject();
            }

            json.WriteEndArray();
        });
    }

    private static void Package(Utf8JsonWriter json, InstalledPackage package, string distribution)
    {
        json.WriteStartObject();
        json.WriteString("name", package.Name);
        json.WriteString("SPDXID", Id(package));
        json.WriteString("versionInfo", package.Version);
        json.WriteString("downloadLocation", Unknown);
        json.WriteBoolean("filesAnalyzed", false);
        json.WriteString("licenseConcluded", Unknown);
        json.WriteString("licenseDeclared", Unknown);
        if (package.License.Length > 0)
        {
            json.WriteString("licenseComments", package.License);
        }

        json.WriteString("copyrightText", Unknown);
        if (package.Source.Length > 0)
        {
            json.WriteString("sourceInfo", "built package from: " + package.Source);
        }

        json.WriteStartArray("externalRefs");
        json.WriteStartObject();
        json.WriteString("referenceCategory", "PACKAGE-MANAGER");
        json.WriteString("referenceType", "purl");
        json.WriteString("referenceLocator", Locator(package, distribution));
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static string Locator(InstalledPackage package, string distribution)
    {
        var vendor = distribution.Length > 0 ? distribution : package.Kind == "deb" ? "debian" : "alpine";
        var architecture = package.Architecture.Length > 0 ? $"?arch={package.Architecture}" : "";
        return $"pkg:{package.Kind}/{vendor}/{Uri.EscapeDataString(package.Name)}@{Uri.EscapeDataString(package.Version)}{architecture}";
    }

    private static string Id(InstalledPackage package)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{package.Kind}\0{package.Name}\0{package.Version}\0{package.Architecture}")).AsSpan(0, 8));
        return $"SPDXRef-Package-{package.Kind}-{string.Concat(package.Name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '-'))}-{hash}";
    }
}
