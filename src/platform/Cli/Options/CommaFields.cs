using System.Text;

namespace Slipway.Cli.Options;

/// <summary>Fields separated by commas, quoted as in CSV when a comma belongs to one.</summary>
internal static class CommaFields
{
    public static List<string> Read(string text)
    {
        List<string> fields = [];
        StringBuilder field = new();
        bool quoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '"' && quoted && i + 1 < text.Length && text[i + 1] == '"')
            {
                field.Append('"');
                i++;
            }
            else if (c == '"' && (quoted || field.Length == 0))
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(c);
            }
        }

        fields.Add(field.ToString());
        return quoted ? throw new FormatException("parse error: extraneous or missing \" in quoted-field") : fields;
    }
}
