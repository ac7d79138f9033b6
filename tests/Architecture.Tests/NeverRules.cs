using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Slipway.Architecture.Tests;

/// <summary>The "Never" section of ARCHITECTURE.md, read from the compiled assemblies.</summary>
public sealed class NeverRules
{
    private static readonly Dictionary<string, string[]> MayReference = new()
    {
        ["Slipway.Oci"] = [],
        ["Slipway.DockerApi"] = [],
        ["Slipway.Terminal"] = [],
        ["Slipway.LocalFiles"] = [],
        ["Slipway.BuildKitApi"] = [],
        ["Slipway.Linux"] = [],
        ["Slipway.Toml"] = [],
        ["Slipway.Engine"] = ["Slipway.Oci", "Slipway.DockerApi", "Slipway.Linux"],
        ["Slipway.Build"] = ["Slipway.Oci", "Slipway.DockerApi", "Slipway.Linux", "Slipway.Engine"],
        ["Slipway.Distribution"] = ["Slipway.Toml", "Slipway.Oci", "Slipway.DockerApi", "Slipway.Linux", "Slipway.Engine"],
        ["Slipway.Transport"] = ["Slipway.Linux"],
        ["Slipway.Registry"] = ["Slipway.Oci", "Slipway.DockerApi", "Slipway.Linux", "Slipway.Engine", "Slipway.Transport"],
        ["Slipway.Api"] = ["Slipway.Transport", "Slipway.Oci", "Slipway.DockerApi", "Slipway.Linux", "Slipway.Engine", "Slipway.Build", "Slipway.Distribution"],
        ["Slipway.BuildKit"] = ["Slipway.BuildKitApi", "Slipway.Oci", "Slipway.DockerApi", "Slipway.Linux", "Slipway.Engine", "Slipway.Build", "Slipway.Distribution"],
        ["slipwayd"] = ["Slipway.BuildKit", "Slipway.Transport", "Slipway.Registry", "Slipway.Oci", "Slipway.DockerApi", "Slipway.Linux", "Slipway.Engine", "Slipway.Build", "Slipway.Distribution", "Slipway.Api"],
        ["Slipway.Client"] = ["Slipway.DockerApi"],
        ["Slipway.BuildClient"] = ["Slipway.LocalFiles", "Slipway.BuildKitApi", "Slipway.Oci", "Slipway.DockerApi", "Slipway.Client"],
        ["Slipway.Compose"] = ["Slipway.DockerApi", "Slipway.Client"],
        ["Slipway.Packs"] = ["Slipway.Toml"],
        ["slipway-server"] = ["Slipway.DockerApi", "Slipway.Client", "Slipway.Compose", "Slipway.Packs", "Slipway.Toml"],
        ["slipway"] = ["Slipway.Packs", "Slipway.Oci", "Slipway.DockerApi", "Slipway.Terminal", "Slipway.LocalFiles", "Slipway.Client", "Slipway.BuildClient", "Slipway.Compose"],
    };

    private static readonly string[] MayDeclareNativeMethods = ["Slipway.Linux", "Slipway.Terminal", "Slipway.LocalFiles"];

    public static TheoryData<string> Assemblies => [.. MayReference.Keys];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void An_assembly_references_only_the_rooms_below_it(string name)
    {
        var references = References(name).Where(r => r.StartsWith("Slipway.", StringComparison.Ordinal) || r is "slipwayd" or "slipway" or "slipway-server");
        Assert.Empty(references.Except(MayReference[name]));
    }

    [Theory]
    [InlineData("Slipway.Engine")]
    [InlineData("Slipway.Linux")]
    [InlineData("Slipway.Oci")]
    [InlineData("Slipway.DockerApi")]
    [InlineData("Slipway.BuildKitApi")]
    [InlineData("Slipway.BuildKit")]
    [InlineData("Slipway.BuildClient")]
    public void Engine_and_kernel_know_no_http(string name) =>
        Assert.DoesNotContain(References(name), r => r.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || r == "System.Net.Http");

    /// <summary>It fetches what ADD and remote contexts name, and serves nobody.</summary>
    [Fact]
    public void The_builder_is_no_server() => Assert.DoesNotContain(References("Slipway.Build"), r => r.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Native_methods_are_declared_in_the_kernel_only(string name)
    {
        var count = Read(name, reader => reader.MethodDefinitions.Count(m => (reader.GetMethodDefinition(m).Attributes & MethodAttributes.PinvokeImpl) != 0));
        Assert.Equal(MayDeclareNativeMethods.Contains(name), count > 0);
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Every_assembly_of_the_product_is_covered_by_a_rule(string name) =>
        Assert.All(References(name).Where(r => r.StartsWith("Slipway.", StringComparison.Ordinal)), r => Assert.Contains(r, MayReference.Keys));

    private static string[] References(string name) =>
        Read(name, reader => reader.AssemblyReferences.Select(r => reader.GetString(reader.GetAssemblyReference(r).Name)).ToArray());

    private static T Read<T>(string name, Func<MetadataReader, T> read)
    {
        using var file = File.OpenRead(Path.Combine(AppContext.BaseDirectory, name + ".dll"));
        using var image = new PEReader(file);
        return read(image.GetMetadataReader());
    }
}
