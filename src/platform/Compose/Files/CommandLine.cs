using System.Text;

namespace Slipway.Compose.Files;

/// <summary>Cuts a line into words as a POSIX shell does, without expanding anything.</summary>
public static class CommandLine
{
    /// <summary>The words.</summary>
    /// <exception cref="FormatException">Quotes that are not closed.</exception>
    public static IReadOnlyList<string> Split(string line)
    {
        List<string> words = [];
        StringBuilder word = new();
        bool open = false;
        char quote = '\0';
        for (int i = 0; i < line.Length; i++)
        {
            char c = line[i];
            if (c == '\\' && quote != '\'' && i + 1 < line.Length && (quote == '\0' || line[i + 1] is '"' or '\\' or '$' or '`' or '\n'))
            {
                word.Append(line[++i]);
                open = true;
            }
            else if (quote == '\0' && c is '"' or '\'' || c == quote && quote != '\0')
            {
                quote = quote == '\0' ? c : '\0';
                open = true;
            }
            else if (quote == '\0' && char.IsWhiteSpace(c))
            {
                Close();
            }
            else
            {
                word.Append(c);
                open = true;
            }
        }

        Close();
        return quote == '\0' ? words : throw new FormatException("the quotes of this command are not closed");

        void Close()
        {
            if (open)
            {
                words.Add(word.ToString());
                word.Clear();
                open = false;
            }
        }
    }
}
