using System.Text;
using System.Text.Json.Nodes;

namespace Slipway.Cli.GoTemplate;

/// <summary>Walks a template's tree once, for one value of dot.</summary>
internal sealed class Evaluator(object? root, StringBuilder output, bool header)
{
    private readonly List<(string Name, object? Value)> _variables = [("$", root)];
    private object? _dot = root;

    // In conditions a field that the engine left out counts as nil: "{{if .State.Health}}" must work without one.
    private int _lenient;

    private enum Flow
    {
        Next,
        Break,
        Continue,
    }

    public void Run(IReadOnlyList<Node> nodes) => Execute(nodes);

    private Flow Execute(IReadOnlyList<Node> nodes)
    {
        foreach (Node node in nodes)
        {
            Flow flow = Flow.Next;
            switch (node)
            {
                case TextNode text: output.Append(text.Text); break;
                case ActionNode action: Print(action.Pipeline); break;
                case BranchNode { Kind: BranchKind.Range } range: Range(range); break;
                case BranchNode branch: flow = Branch(branch); break;
                case BreakNode: return Flow.Break;
                case ContinueNode: return Flow.Continue;
            }

            if (flow != Flow.Next)
            {
                return flow;
            }
        }

        return Flow.Next;
    }

    private void Print(Pipeline pipeline)
    {
        object? value = Evaluate(pipeline);
        if (pipeline.Variables.Count == 0)
        {
            output.Append(Values.Print(value));
        }
    }

    private Flow Branch(BranchNode branch)
    {
        int scope = _variables.Count;
        object? outer = _dot;
        object? value = Leniently(() => Evaluate(branch.Pipeline));
        bool holds = Values.IsTrue(value);
        if (holds && branch.Kind == BranchKind.With)
        {
            _dot = value;
        }

        Flow flow = Execute(holds ? branch.Then : branch.Else);
        _dot = outer;
        _variables.RemoveRange(scope, _variables.Count - scope);
        return flow;
    }

    private void Range(BranchNode range)
    {
        int scope = _variables.Count;
        object? outer = _dot;
        object? value = Leniently(() => EvaluateCommands(range.Pipeline));
        bool any = false;
        foreach ((object? key, object? item) in Items(value))
        {
            any = true;
            SetLoopVariables(range.Pipeline, key, item);
            _dot = item;
            Flow flow = Execute(range.Then);
            _variables.RemoveRange(scope, _variables.Count - scope);
            if (flow == Flow.Break)
            {
                break;
            }
        }

        _dot = outer;
        if (!any)
        {
            Execute(range.Else);
        }
    }

    private void SetLoopVariables(Pipeline pipeline, object? key, object? item)
    {
        IReadOnlyList<string> names = pipeline.Variables;
        if (names.Count > 1)
        {
            SetVariable(names[0], key, pipeline.Declares);
        }

        if (names.Count > 0)
        {
            SetVariable(names[^1], item, pipeline.Declares);
        }
    }

    private static IEnumerable<(object? Key, object? Item)> Items(object? value)
    {
        switch (value)
        {
            case JsonObject map:
                return map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => ((object?)p.Key, Values.FromJson(p.Value)));
            case long count:
                return LongRange(count);
            default:
                return Values.TryList(value, out List<object?> items)
                    ? items.Select((item, index) => ((object?)(long)index, item))
                    : throw new TemplateException($"range can't iterate over {Values.Print(value)}");
        }
    }

    private static IEnumerable<(object? Key, object? Item)> LongRange(long count)
    {
        for (long i = 0; i < count; i++)
        {
            yield return (i, i);
        }
    }

    private T Leniently<T>(Func<T> evaluate)
    {
        _lenient++;
        try
        {
            return evaluate();
        }
        finally
        {
            _lenient--;
        }
    }

    private object? Evaluate(Pipeline pipeline)
    {
        object? value = EvaluateCommands(pipeline);
        if (pipeline.Variables.Count > 0)
        {
            SetVariable(pipeline.Variables[0], value, pipeline.Declares);
        }

        return value;
    }

    private object? EvaluateCommands(Pipeline pipeline)
    {
        object? value = null;
        for (int i = 0; i < pipeline.Commands.Count; i++)
        {
            value = Evaluate(pipeline.Commands[i], i > 0, value);
        }

        return value;
    }

    private object? Evaluate(Command command, bool hasFinal, object? final)
    {
        Expression first = command.Words[0];
        if (first is FunctionExpression function)
        {
            return Call(function.Name, command, hasFinal, final);
        }

        if (first is FieldExpression field)
        {
            return Field(field, [.. Arguments(command, hasFinal, final)]);
        }

        if (command.Words.Count > 1 || hasFinal)
        {
            throw new TemplateException("can't give argument to non-function");
        }

        return Value(first);
    }

    private IEnumerable<object?> Arguments(Command command, bool hasFinal, object? final)
    {
        foreach (Expression word in command.Words.Skip(1))
        {
            yield return Value(word);
        }

        if (hasFinal)
        {
            yield return final;
        }
    }

    private object? Call(string name, Command command, bool hasFinal, object? final)
    {
        if (name is "and" or "or")
        {
            return Leniently(() => ShortCircuit(name == "and", Arguments(command, hasFinal, final)));
        }

        List<object?> arguments = name == "not"
            ? Leniently(() => Arguments(command, hasFinal, final).ToList())
            : [.. Arguments(command, hasFinal, final)];
        return header && Functions.ChangesText(name) ? arguments.LastOrDefault() : Functions.Call(name, arguments);
    }

    /// <summary>Returns the first argument that decides, and evaluates none after it.</summary>
    private static object? ShortCircuit(bool all, IEnumerable<object?> arguments)
    {
        object? value = null;
        foreach (object? argument in arguments)
        {
            value = argument;
            if (Values.IsTrue(value) != all)
            {
                break;
            }
        }

        return value;
    }

    private object? Value(Expression expression) => expression switch
    {
        LiteralExpression literal => literal.Value,
        DotExpression => _dot,
        VariableExpression variable => Variable(variable.Name),
        FieldExpression field => Field(field, []),
        Pipeline pipeline => Evaluate(pipeline),
        FunctionExpression function => Functions.Call(function.Name, []),
        _ => throw new TemplateException("unknown expression"),
    };

    private object? Field(FieldExpression field, IReadOnlyList<object?> arguments)
    {
        object? value = Value(field.Target);
        for (int i = 0; i < field.Names.Count; i++)
        {
            value = Member(value, field, field.Names[i], i == field.Names.Count - 1 ? arguments : []);
        }

        return value;
    }

    private object? Member(object? target, FieldExpression field, string name, IReadOnlyList<object?> arguments)
    {
        if (target is Row row && row.TryGet(name, arguments, out object? value))
        {
            return value;
        }

        if (arguments.Count > 0)
        {
            throw Failed(field, $"{name} is not a method but has arguments");
        }

        if (target is JsonObject map)
        {
            if (map.TryGetPropertyValue(name, out JsonNode? node) || TryAnyCase(map, name, out node))
            {
                return Values.FromJson(node, name);
            }

            return _lenient > 0 ? null : throw Failed(field, $"map has no entry for key \"{name}\"");
        }

        if (_lenient > 0 && target is null or Nil)
        {
            return null;
        }

        throw Failed(field, target is null or Nil
            ? $"nil pointer evaluating interface {{}}.{name}"
            : $"can't evaluate field {name} in type {TypeName(target)}");
    }

    /// <summary>Docker's own client reads <c>.ID</c> where the JSON has <c>Id</c>.</summary>
    private static bool TryAnyCase(JsonObject map, string name, out JsonNode? node)
    {
        foreach ((string key, JsonNode? value) in map)
        {
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                node = value;
                return true;
            }
        }

        node = null;
        return false;
    }

    private static string TypeName(object value) => value switch
    {
        string => "string", bool => "bool", long => "int64", double => "float64",
        Row => "row", JsonArray => "[]interface {}", _ => "interface {}",
    };

    private static TemplateException Failed(FieldExpression field, string reason) =>
        new($"template: :1: executing \"\" at <{field.Path}>: {reason}");

    private object? Variable(string name)
    {
        int index = _variables.FindLastIndex(v => v.Name == name);
        return index >= 0 ? _variables[index].Value : throw new TemplateException($"template: undefined variable \"{name}\"");
    }

    private void SetVariable(string name, object? value, bool declare)
    {
        int index = declare ? -1 : _variables.FindLastIndex(v => v.Name == name);
        if (index >= 0)
        {
            _variables[index] = (name, value);
        }
        else
        {
            _variables.Add(declare ? (name, value) : throw new TemplateException($"template: undefined variable \"{name}\""));
        }
    }
}
