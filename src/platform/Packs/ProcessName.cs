namespace Slipway.Packs;

/// <summary>What a process may be called that runs beside the one that serves. Its name becomes part of names of containers.</summary>
public static class ProcessName
{
    private const int MostCharacters = 40;

    /// <summary>Whether a name is a letter or digit of ASCII, and at most 39 further ones, dashes and underscores.</summary>
    public static bool IsValid(string name) =>
        name is { Length: > 0 and <= MostCharacters } && char.IsAsciiLetterOrDigit(name[0]) && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');
}
