namespace Slipway.Toml;

/// <summary>
/// A table of a TOML document. Values are <see cref="string"/>, <see cref="long"/>, <see cref="double"/>, <see cref="bool"/>,
/// <see cref="List{T}"/> of <see cref="object"/>, or a table; dates are kept as text.
/// </summary>
public sealed class TomlTable : Dictionary<string, object>
{
    /// <summary>Makes an empty table, whose keys are compared byte by byte.</summary>
    public TomlTable() : base(StringComparer.Ordinal)
    {
    }

    /// <summary>The value at a path of keys; null when one of them is missing or no table.</summary>
    public object? At(params ReadOnlySpan<string> path)
    {
        object? value = this;
        foreach (var key in path)
        {
            value = (value as TomlTable)?.GetValueOrDefault(key);
        }

        return value;
    }

    /// <summary>The text at a path of keys; null when there is none.</summary>
    public string? Text(params ReadOnlySpan<string> path) => At(path) as string;
}
