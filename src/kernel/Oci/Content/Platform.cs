using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Slipway.Oci;

/// <summary>Operating system and processor an image is made for, with Go's names (OCI image-spec, image-index.md).</summary>
public sealed record Platform
{
    /// <summary>Processor: <c>amd64</c>, <c>arm64</c>, <c>arm</c>, …</summary>
    [JsonPropertyName("architecture")]
    public string Architecture { get => field ?? ""; init; }

    /// <summary>Operating system: <c>linux</c>, …</summary>
    [JsonPropertyName("os")]
    public string Os { get => field ?? ""; init; }

    /// <summary>Version of the operating system, for Windows.</summary>
    [JsonPropertyName("os.version")]
    public string? OsVersion { get; init; }

    /// <summary>Features of the operating system that are needed.</summary>
    [JsonPropertyName("os.features")]
    public IReadOnlyList<string>? OsFeatures { get; init; }

    /// <summary>Variant of the processor, such as <c>v7</c>.</summary>
    [JsonPropertyName("variant")]
    public string? Variant { get; init; }

    /// <summary>The platform this process runs on, normalized.</summary>
    public static Platform Host { get; } = new Platform
    {
        Os = "linux",
        Architecture = RuntimeInformation.OSArchitecture switch
        {
            System.Runtime.InteropServices.Architecture.X64 => "amd64",
            System.Runtime.InteropServices.Architecture.X86 => "386",
            System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
            System.Runtime.InteropServices.Architecture.Arm or System.Runtime.InteropServices.Architecture.Armv6 => "arm",
            System.Runtime.InteropServices.Architecture.Ppc64le => "ppc64le",
            System.Runtime.InteropServices.Architecture.S390x => "s390x",
            System.Runtime.InteropServices.Architecture.RiscV64 => "riscv64",
            System.Runtime.InteropServices.Architecture.LoongArch64 => "loong64",
            var other => other.ToString().ToLowerInvariant(),
        },
    }.Normalize();

    /// <summary>Reads <c>os[/arch[/variant]]</c>, or an architecture alone, and normalizes it.</summary>
    /// <exception cref="FormatException">The text names no platform.</exception>
    public static Platform Parse(string text)
    {
        var parts = text.Split('/');
        if (parts.Length > 3 || parts.Any(part => !IsName(part)))
        {
            throw new FormatException($"\"{text}\" is an invalid platform: expected os[/arch[/variant]]");
        }

        if (parts.Length == 1)
        {
            var name = parts[0].ToLowerInvariant();
            return IsSystem(name)
                ? Host with { Os = NormalSystem(name) }
                : IsProcessor(name)
                    ? new Platform { Os = Host.Os, Architecture = name }.Normalize()
                    : throw new FormatException($"\"{text}\": unknown operating system or architecture");
        }

        return new Platform { Os = parts[0], Architecture = parts[1], Variant = parts.Length == 3 ? parts[2] : null }.Normalize();
    }

    /// <summary>The same platform in its usual spelling (<c>x86_64</c> is <c>amd64</c>, 64-bit arm needs no <c>v8</c>).</summary>
    public Platform Normalize()
    {
        var variant = Variant?.ToLowerInvariant();
        var (architecture, normal) = Architecture.ToLowerInvariant() switch
        {
            "i386" or "x86" or "386" => ("386", null),
            "x86_64" or "x86-64" or "amd64" => ("amd64", variant is "v1" ? null : variant),
            "aarch64" or "arm64" => ("arm64", variant is "8" or "v8" or "v8.0" ? null : variant),
            "armhf" => ("arm", "v7"),
            "armel" => ("arm", "v6"),
            "arm" => ("arm", variant switch { null or "" or "7" => "v7", "5" or "6" or "8" => "v" + variant, _ => variant }),
            var other => (other, variant),
        };
        return this with
        {
            Os = NormalSystem(Os.ToLowerInvariant()),
            Architecture = architecture,
            Variant = string.IsNullOrEmpty(normal) ? null : normal,
        };
    }

    /// <summary>Whether an image for <paramref name="image"/> runs on this platform.</summary>
    /// <remarks>A processor runs older variants of its own kind, and 64-bit arm runs 32-bit arm, amd64 runs 386.</remarks>
    public bool Runs(Platform image) => Preference(image) >= 0;

    /// <summary>How well an image's platform suits this one: the larger the better, negative when it cannot run.</summary>
    public int Preference(Platform image)
    {
        var (host, other) = (Normalize(), image.Normalize());
        if (host.Os != other.Os || (host.OsVersion is { Length: > 0 } version && version != other.OsVersion))
        {
            return -1;
        }

        return (host.Architecture, other.Architecture) switch
        {
            var (a, b) when a == b => Variants(host, other),
            ("arm64", "arm") => Level(other) <= 8 ? Level(other) : -1,
            ("amd64", "386") => 0,
            _ => -1,
        };
    }

    /// <summary><c>os/arch[/variant]</c>.</summary>
    public override string ToString() => Variant is { Length: > 0 } ? $"{Os}/{Architecture}/{Variant}" : $"{Os}/{Architecture}";

    /// <inheritdoc/>
    public bool Equals(Platform? other) =>
        other is not null && Os == other.Os && Architecture == other.Architecture
        && (Variant ?? "") == (other.Variant ?? "") && (OsVersion ?? "") == (other.OsVersion ?? "");

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Os, Architecture, Variant ?? "", OsVersion ?? "");

    private static int Variants(Platform host, Platform image)
    {
        if (host.Variant == image.Variant)
        {
            return 1000;
        }

        var (have, need) = (Level(host), Level(image));
        return need >= 0 && have >= need ? 100 + need : -1;
    }

    // v7 → 7; the absent variant is the base of its architecture.
    private static int Level(Platform platform) => (platform.Architecture, platform.Variant) switch
    {
        ("arm64", null) => 8,
        ("amd64", null) => 1,
        (_, ['v', >= '0' and <= '9' and var digit, ..]) => digit - '0',
        _ => -1,
    };

    private static string NormalSystem(string os) => os is "macos" ? "darwin" : os;

    private static bool IsName(string part) =>
        part.Length is > 0 and <= 64 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');

    private static bool IsSystem(string name) =>
        name is "linux" or "windows" or "darwin" or "macos" or "freebsd" or "openbsd" or "netbsd" or "solaris" or "aix" or "plan9";

    private static bool IsProcessor(string name) =>
        name is "386" or "i386" or "x86" or "amd64" or "x86_64" or "x86-64" or "arm" or "armhf" or "armel" or "arm64" or "aarch64"
            or "ppc64le" or "ppc64" or "s390x" or "riscv64" or "loong64" or "mips64le" or "mips64" or "mips" or "mipsle" or "wasm";
}
