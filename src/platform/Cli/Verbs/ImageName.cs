using System.Text.Json.Nodes;

namespace Slipway.Cli.Verbs;

/// <summary>Cuts <c>[host[:port]/]name[:tag][@digest]</c>; whether it is valid is the engine's to say.</summary>
internal static class ImageName
{
    /// <returns>Repository, and tag or digest; the latter is empty when there is none.</returns>
    public static (string Repository, string Tag) Split(string name)
    {
        int at = name.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0)
        {
            return (name[..at], name[(at + 1)..]);
        }

        int colon = name.LastIndexOf(':');
        return colon > name.LastIndexOf('/') ? (name[..colon], name[(colon + 1)..]) : (name, "");
    }

    /// <summary>The same with <c>latest</c> where no tag is given.</summary>
    public static string WithTag(string name) => Split(name).Tag.Length > 0 ? name : name + ":latest";
}

/// <summary>Platforms as the API takes them in queries.</summary>
internal static class PlatformJson
{
    /// <returns>JSON for <c>os[/arch[/variant]]</c>, or null for an empty text.</returns>
    public static string? Of(string text)
    {
        string[] parts = text.Split('/');
        if (text.Length == 0)
        {
            return null;
        }

        JsonObject platform = new() { ["os"] = parts[0] };
        if (parts.Length > 1)
        {
            platform["architecture"] = parts[1];
        }

        if (parts.Length > 2)
        {
            platform["variant"] = parts[2];
        }

        return platform.ToJsonString();
    }
}
