using System.Globalization;

namespace Slipway.Compose.Files;

/// <summary>A place in a file.</summary>
/// <param name="File">Path of the file as it was named.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
public readonly record struct Position(string File, int Line, int Column)
{
    /// <summary><c>file:line:column</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{File}:{Line}:{Column}");
}
