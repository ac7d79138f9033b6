namespace Slipway.Cli.GoTemplate;

/// <summary>Something that a template executes in order.</summary>
internal abstract record Node;

internal sealed record TextNode(string Text) : Node;

internal sealed record ActionNode(Pipeline Pipeline) : Node;

internal enum BranchKind
{
    If,
    With,
    Range,
}

/// <summary><c>if</c>, <c>with</c> and <c>range</c> with their optional <c>else</c>.</summary>
internal sealed record BranchNode(BranchKind Kind, Pipeline Pipeline, IReadOnlyList<Node> Then, IReadOnlyList<Node> Else) : Node;

internal sealed record BreakNode : Node;

internal sealed record ContinueNode : Node;

/// <summary><c>[$a[, $b] :=] command | command …</c>; the value of each command is the last argument of the next one.</summary>
internal sealed record Pipeline(IReadOnlyList<string> Variables, bool Declares, IReadOnlyList<Command> Commands) : Expression;

/// <summary>A function, field or value with its arguments.</summary>
internal sealed record Command(IReadOnlyList<Expression> Words);

/// <summary>Something that has a value.</summary>
internal abstract record Expression;

internal sealed record LiteralExpression(object? Value) : Expression;

internal sealed record DotExpression : Expression;

internal sealed record VariableExpression(string Name) : Expression;

internal sealed record FunctionExpression(string Name) : Expression;

/// <summary>A chain of fields on a value, such as <c>.State.Health</c> or <c>(index .Mounts 0).Source</c>.</summary>
internal sealed record FieldExpression(Expression Target, IReadOnlyList<string> Names) : Expression
{
    public string Path => string.Concat(Names.Select(n => "." + n));
}
