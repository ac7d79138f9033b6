using System.Globalization;

namespace Slipway.DockerApi;

/// <summary>A version of the Engine API, such as 1.51; ordered by major, then minor number.</summary>
public readonly record struct ApiVersion(int Major, int Minor) : IComparable<ApiVersion>
{
    /// <summary>The newest version spoken here.</summary>
    public static ApiVersion Newest { get; } = new(1, 51);

    /// <summary>The oldest version spoken here.</summary>
    public static ApiVersion Oldest { get; } = new(1, 24);

    /// <summary>Reads <c>1.51</c> (with an optional leading <c>v</c>).</summary>
    /// <returns>False when the text is no version.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out ApiVersion version)
    {
        version = default;
        text = text is ['v', ..] ? text[1..] : text;
        var dot = text.IndexOf('.');
        if (dot < 1
            || !int.TryParse(text[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            || !int.TryParse(text[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var minor))
        {
            return false;
        }

        version = new ApiVersion(major, minor);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(ApiVersion other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Major}.{Minor}");

    /// <summary>Older than.</summary>
    public static bool operator <(ApiVersion left, ApiVersion right) => left.CompareTo(right) < 0;

    /// <summary>Newer than.</summary>
    public static bool operator >(ApiVersion left, ApiVersion right) => left.CompareTo(right) > 0;

    /// <summary>Older than or equal.</summary>
    public static bool operator <=(ApiVersion left, ApiVersion right) => left.CompareTo(right) <= 0;

    /// <summary>Newer than or equal.</summary>
    public static bool operator >=(ApiVersion left, ApiVersion right) => left.CompareTo(right) >= 0;
}
