namespace Slipway.Build.Graph;

/// <summary>A stretch of a Dockerfile. Lines and columns count from 1; the end column is behind the last character.</summary>
/// <param name="Line">First line.</param>
/// <param name="Column">First column, in UTF-16 units.</param>
/// <param name="EndLine">Last line.</param>
/// <param name="EndColumn">Column behind the last character of the last line; 0 when the whole line is meant.</param>
public readonly record struct SourceSpan(int Line, int Column, int EndLine, int EndColumn)
{
    /// <summary>Whole lines.</summary>
    public static SourceSpan Lines(int first, int last) => new(first, 1, last, 0);
}
