using System.Buffers;
using System.Globalization;
using System.Text;

namespace Slipway.Platform.Apps;

/// <summary>What texts of users have to look like. Everything that reaches an argument vector, a path or a host name passes here first.</summary>
internal static class Rules
{
    private const int MaxText = 64 * 1024;
    private static readonly SearchValues<char> s_label = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
    private static readonly SearchValues<char> s_branch = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-+#@");
    private static readonly SearchValues<char> s_image = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/-:@");
    private static readonly SearchValues<char> s_key = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    private static readonly SearchValues<char> s_volume = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>A DNS label that begins with a letter.</summary>
    internal static string Label(string? text, string what) =>
        text is { Length: > 0 and <= 50 } && char.IsAsciiLetterLower(text[0]) && text[^1] != '-' && !text.AsSpan().ContainsAnyExcept(s_label)
            ? text
            : throw Invalid($"{what} has to be of lower-case letters, digits and dashes, begin with a letter and have at most 50 characters");

    /// <summary>A branch as git allows it (git-check-ref-format), and no option.</summary>
    internal static string Branch(string text) =>
        text is { Length: > 0 and <= 250 } && char.IsAsciiLetterOrDigit(text[0]) && !text.AsSpan().ContainsAnyExcept(s_branch)
            && !text.Contains("..", StringComparison.Ordinal) && !text.Contains("//", StringComparison.Ordinal) && !text.Contains("@{", StringComparison.Ordinal)
            && !text.EndsWith('/') && !text.EndsWith('.') && !text.EndsWith(".lock", StringComparison.Ordinal) && !text.Contains("/.", StringComparison.Ordinal)
            ? text
            : throw Invalid("that is no name of a branch");

    /// <summary>A full commit id.</summary>
    internal static string Commit(string text) => text.Length is 40 or 64 && text.All(char.IsAsciiHexDigit) ? text.ToLowerInvariant() : throw Invalid("a commit is 40 hexadecimal digits");

    /// <summary>An image reference.</summary>
    internal static string Image(string? text) =>
        text is { Length: > 0 and <= 512 } && char.IsAsciiLetterOrDigit(text[0]) && !text.AsSpan().ContainsAnyExcept(s_image) ? text : throw Invalid("that is no image reference");

    /// <summary>An absolute path without dots, as in a repository or a container.</summary>
    internal static string Path(string text, string what) =>
        text is { Length: > 0 and <= 1024 } && text[0] == '/' && IsPlain(text) && !text.Split('/').Any(part => part is ".." or ".") ? text : throw Invalid($"{what} has to be an absolute path without dots");

    /// <summary>A path below a directory.</summary>
    internal static string RelativePath(string text, string what) => Path("/" + text.TrimStart('/'), what)[1..];

    /// <summary>The name of a variable.</summary>
    internal static string Key(string text) =>
        text is { Length: > 0 and <= 255 } && !char.IsAsciiDigit(text[0]) && !text.AsSpan().ContainsAnyExcept(s_key) ? text : throw Invalid($"\"{Shown(text)}\" is no name of a variable");

    /// <summary>The value of a variable: anything but NUL, which no environment can hold.</summary>
    internal static string Value(string text) => text.Length <= MaxText && !text.Contains('\0') ? text : throw Invalid("a value has at most 64 Ki characters and no NUL");

    /// <summary>A text of one or many lines.</summary>
    internal static string Text(string text, string what, int limit = 256 * 1024) =>
        text.Length <= limit && !text.Contains('\0') ? text : throw new PlatformException(Refusal.TooLarge, $"{what} has at most {limit} characters and no NUL");

    /// <summary>An argument vector.</summary>
    internal static IReadOnlyList<string> Command(IReadOnlyList<string> words) =>
        words.Count <= 256 && words.All(word => word.Length <= MaxText && !word.Contains('\0')) ? words : throw Invalid("a command has at most 256 words and no NUL");

    /// <summary>A volume as <c>name:/path[:ro]</c>. Directories of the host are not to be had this way.</summary>
    internal static string Volume(string text)
    {
        var parts = text.Split(':');
        if (parts.Length is 2 or 3 && parts[0].Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(parts[0][0]) && !parts[0].AsSpan().ContainsAnyExcept(s_volume) && (parts.Length == 2 || parts[2] == "ro"))
        {
            Path(parts[1], "a volume's place");
            return text;
        }

        throw Invalid($"\"{Shown(text)}\" is no volume (name:/path or name:/path:ro)");
    }

    /// <summary>The name of a service in a Compose file.</summary>
    internal static string Service(string text) =>
        text is { Length: > 0 and <= 100 } && !text.AsSpan().ContainsAnyExcept(s_volume) && text[0] is not ('.' or '-') ? text : throw Invalid($"\"{Shown(text)}\" is no name of a service");

    /// <summary>A host name, perhaps with a star in place of its first label.</summary>
    internal static string Host(string text)
    {
        var host = text.ToLowerInvariant();
        var labels = (host.StartsWith("*.", StringComparison.Ordinal) ? host[2..] : host).Split('.');
        return host.Length <= 253 && labels.All(label => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && !label.AsSpan().ContainsAnyExcept(s_label))
            ? host
            : throw Invalid($"\"{Shown(text)}\" is no host name");
    }

    /// <summary>One of some words.</summary>
    internal static string OneOf(string text, string what, params ReadOnlySpan<string> words) =>
        words.Contains(text) ? text : throw Invalid($"{what} is one of {string.Join(", ", words.ToArray())}");

    /// <summary>A number within bounds.</summary>
    internal static double Between(double value, double low, double high, string what) =>
        value >= low && value <= high ? value : throw Invalid(string.Create(CultureInfo.InvariantCulture, $"{what} has to be between {low} and {high}"));

    internal static PlatformException Invalid(string message) => new(Refusal.Invalid, message);

    private static bool IsPlain(string text) => !text.Any(char.IsControl);

    private static string Shown(string text)
    {
        var shown = new StringBuilder();
        foreach (var character in text.AsSpan(0, Math.Min(text.Length, 40)))
        {
            shown.Append(char.IsControl(character) ? '?' : character);
        }

        return shown.ToString();
    }
}
