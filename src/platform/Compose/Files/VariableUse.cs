namespace Slipway.Compose.Files;

/// <summary>A variable that a file uses.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Required">Whether it must be set.</param>
/// <param name="Default">What stands in its place when it is not set.</param>
/// <param name="Alternate">What stands in its place when it is set.</param>
public sealed record VariableUse(string Name, bool Required, string Default, string Alternate)
{
    /// <summary>Finds every use in a tree that has its variables still.</summary>
    public static void Find(Node node, Action<VariableUse> told)
    {
        switch (node)
        {
            case Mapping map:
                foreach (Mapping.Entry entry in map.Entries)
                {
                    Find(entry.Value, told);
                }

                break;
            case Sequence list:
                foreach (Node item in list.Items)
                {
                    Find(item, told);
                }

                break;
            case Scalar { Kind: ScalarKind.Text } text:
                Find(text.Text, told);
                break;
        }
    }

    private static void Find(string text, Action<VariableUse> told)
    {
        for (int at = text.IndexOf('$', StringComparison.Ordinal); at >= 0 && at + 1 < text.Length; at = text.IndexOf('$', at))
        {
            bool braced = text[at + 1] == '{';
            int start = at + (braced ? 2 : 1);
            int end = start;
            while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] == '_'))
            {
                end++;
            }

            if (end == start)
            {
                // A doubled dollar sign is none of a variable.
                at += 2;
            }
            else if (braced)
            {
                int close = Close(text, end);
                Braced(text[start..end], text[end..close], told);
                at = Math.Min(close + 1, text.Length);
            }
            else
            {
                told(new VariableUse(text[start..end], false, "", ""));
                at = end;
            }
        }
    }

    private static void Braced(string name, string form, Action<VariableUse> told)
    {
        string operation = form.TrimStart(':');
        string word = operation.Length > 0 ? operation[1..] : "";
        char kind = operation.Length > 0 ? operation[0] : ' ';
        told(new VariableUse(name, kind == '?', kind == '-' ? word : "", kind == '+' ? word : ""));
        Find(word, told);
    }

    private static int Close(string text, int from)
    {
        int depth = 1;
        for (int at = from; at < text.Length; at++)
        {
            depth += text[at] == '}' ? -1 : text[at] == '{' && text[at - 1] == '$' ? 1 : 0;
            if (depth == 0)
            {
                return at;
            }
        }

        return text.Length;
    }
}
