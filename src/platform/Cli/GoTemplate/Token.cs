namespace Slipway.Cli.GoTemplate;

internal enum TokenKind
{
    Text,
    LeftDelimiter,
    RightDelimiter,
    Space,
    Identifier,
    Field,
    Variable,
    Dot,
    String,
    Character,
    Number,
    Pipe,
    LeftParenthesis,
    RightParenthesis,
    Declare,
    Assign,
    Comma,
    End,
}

/// <summary>One lexical unit; <see cref="Text"/> is unquoted for strings and without the dot for fields.</summary>
internal readonly record struct Token(TokenKind Kind, string Text, int Line);
