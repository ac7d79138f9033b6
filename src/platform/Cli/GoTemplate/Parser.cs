using System.Globalization;

namespace Slipway.Cli.GoTemplate;

/// <summary>Builds the tree of a template from its tokens; refuses what Go's parser refuses.</summary>
internal sealed class Parser(List<Token> tokens)
{
    private int _position;
    private int _loops;

    public static IReadOnlyList<Node> Parse(string source)
    {
        Parser parser = new(Lexer.Scan(source));
        List<Node> nodes = parser.List(out string? end);
        return end is null ? nodes : throw parser.Error($"unexpected {{{{{end}}}}}");
    }

    private Token Current => tokens[_position];

    /// <summary>Nodes up to the end of the text or to <c>end</c>/<c>else</c>, which <paramref name="end"/> names.</summary>
    private List<Node> List(out string? end)
    {
        List<Node> nodes = [];
        end = null;
        while (Current.Kind != TokenKind.End)
        {
            if (Current.Kind == TokenKind.Text)
            {
                nodes.Add(new TextNode(tokens[_position++].Text));
                continue;
            }

            _position++;
            SkipSpace();
            string word = Current.Kind == TokenKind.Identifier ? Current.Text : "";
            if (word is "end" or "else")
            {
                _position++;
                end = word;
                return nodes;
            }

            nodes.Add(Action(word));
        }

        return nodes;
    }

    private Node Action(string word)
    {
        switch (word)
        {
            case "if": return Branch(BranchKind.If);
            case "with": return Branch(BranchKind.With);
            case "range": return Branch(BranchKind.Range);
            case "break" or "continue":
                if (_loops == 0)
                {
                    throw Error($"{{{{{word}}}}} outside {{{{range}}}}");
                }

                _position++;
                Close();
                return word == "break" ? new BreakNode() : new ContinueNode();
            case "define" or "template" or "block":
                throw Error($"{{{{{word}}}}} is not supported in a format");
            default:
                Pipeline pipeline = Pipeline(TokenKind.RightDelimiter);
                return new ActionNode(pipeline);
        }
    }

    private BranchNode Branch(BranchKind kind)
    {
        _position++;
        Pipeline pipeline = Pipeline(TokenKind.RightDelimiter);
        _loops += kind == BranchKind.Range ? 1 : 0;
        List<Node> then = List(out string? end);
        _loops -= kind == BranchKind.Range ? 1 : 0;
        List<Node> otherwise = [];
        if (end == "else")
        {
            SkipSpace();
            if (Current is { Kind: TokenKind.Identifier, Text: "if" or "with" })
            {
                // "else if" shares the outer {{end}}.
                otherwise.Add(Branch(Current.Text == "if" ? BranchKind.If : BranchKind.With));
                return new BranchNode(kind, pipeline, then, otherwise);
            }

            Close();
            otherwise = List(out end);
        }

        if (end != "end")
        {
            throw Error("unexpected EOF");
        }

        Close();
        return new BranchNode(kind, pipeline, then, otherwise);
    }

    private void Close()
    {
        SkipSpace();
        if (Current.Kind != TokenKind.RightDelimiter)
        {
            throw Unexpected("end of action");
        }

        _position++;
    }

    private Pipeline Pipeline(TokenKind end)
    {
        (List<string> variables, bool declares) = Variables();
        List<Command> commands = [];
        while (true)
        {
            SkipSpace();
            commands.Add(Command(end));
            SkipSpace();
            if (Current.Kind == end)
            {
                _position++;
                return new Pipeline(variables, declares, commands);
            }

            if (Current.Kind != TokenKind.Pipe)
            {
                throw Unexpected("command");
            }

            _position++;
        }
    }

    /// <summary>The <c>$x :=</c>, <c>$x =</c> or <c>$i, $x :=</c> in front, if there is one.</summary>
    private (List<string> Names, bool Declares) Variables()
    {
        int start = _position;
        List<string> names = [];
        SkipSpace();
        while (Current.Kind == TokenKind.Variable)
        {
            names.Add(tokens[_position++].Text);
            SkipSpace();
            if (Current.Kind is TokenKind.Declare or TokenKind.Assign)
            {
                return (names, tokens[_position++].Kind == TokenKind.Declare);
            }

            if (Current.Kind != TokenKind.Comma)
            {
                break;
            }

            _position++;
            SkipSpace();
        }

        _position = start;
        return ([], false);
    }

    private Command Command(TokenKind end)
    {
        List<Expression> words = [];
        while (true)
        {
            SkipSpace();
            if (Current.Kind == end || Current.Kind == TokenKind.Pipe)
            {
                break;
            }

            words.Add(Operand());
            if (Current.Kind != TokenKind.Space && Current.Kind != end && Current.Kind != TokenKind.Pipe)
            {
                throw Unexpected("operand");
            }
        }

        return words.Count > 0 ? new Command(words) : throw Error("missing value for command");
    }

    private Expression Operand()
    {
        Token token = tokens[_position++];
        Expression value = token.Kind switch
        {
            TokenKind.Dot => new DotExpression(),
            TokenKind.Field => new FieldExpression(new DotExpression(), [token.Text]),
            TokenKind.Variable => new VariableExpression(token.Text),
            TokenKind.String => new LiteralExpression(token.Text),
            TokenKind.Character => new LiteralExpression((long)char.ConvertToUtf32(token.Text, 0)),
            TokenKind.Number => new LiteralExpression(Number(token.Text)),
            TokenKind.LeftParenthesis => Pipeline(TokenKind.RightParenthesis),
            TokenKind.Identifier => Identifier(token.Text),
            TokenKind.End or TokenKind.RightDelimiter => throw Error("unexpected end of action"),
            _ => throw Error($"unexpected \"{token.Text}\" in operand"),
        };
        List<string> names = value is FieldExpression field ? [.. field.Names] : [];
        Expression target = value is FieldExpression first ? first.Target : value;
        while (Current.Kind == TokenKind.Field)
        {
            names.Add(tokens[_position++].Text);
        }

        return names.Count > 0 ? new FieldExpression(target, names) : value;
    }

    private Expression Identifier(string name) => name switch
    {
        "true" => new LiteralExpression(true),
        "false" => new LiteralExpression(false),
        "nil" => new LiteralExpression(null),
        _ when Functions.Exists(name) => new FunctionExpression(name),
        _ => throw Error($"function \"{name}\" not defined"),
    };

    private object Number(string text)
    {
        string digits = text.Replace("_", "", StringComparison.Ordinal);
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            && long.TryParse(digits.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long hex))
        {
            return hex;
        }

        if (long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole))
        {
            return whole;
        }

        return double.TryParse(digits, NumberStyles.Float, CultureInfo.InvariantCulture, out double real)
            ? real
            : throw Error($"bad number syntax: \"{text}\"");
    }

    private void SkipSpace()
    {
        while (Current.Kind == TokenKind.Space)
        {
            _position++;
        }
    }

    private TemplateException Unexpected(string place) =>
        Error(Current.Kind == TokenKind.End ? "unclosed action" : $"unexpected <{Current.Text}> in {place}");

    private TemplateException Error(string message) => new($"template: :{Current.Line}: {message}");
}
