using Slipway.Compose.Files;
using Slipway.Compose.Model;

namespace Slipway.Compose.Tests;

/// <summary>Applications from texts.</summary>
internal sealed class Sample : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("compose-").FullName;

    /// <summary>Directory of the application.</summary>
    internal string Directory_ => Directory.CreateDirectory(Path.Combine(_root, "app")).FullName;

    /// <summary>Writes a file beside the application's.</summary>
    internal string Write(string name, string text)
    {
        string path = Path.GetFullPath(name, Directory_);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Reads an application.</summary>
    internal Project Load(string text, Func<LoadOptions, LoadOptions>? change = null)
    {
        Write("compose.yaml", text);
        LoadOptions options = new() { WorkingDirectory = Directory_, Environment = new Dictionary<string, string> { ["HOME"] = "/root" } };
        return ProjectLoader.Load(change is null ? options : change(options));
    }

    /// <summary>The message with which an application is refused, without the directory.</summary>
    internal string Refusal(string text, Func<LoadOptions, LoadOptions>? change = null) =>
        Assert.Throws<ComposeException>(() => Load(text, change)).Message.Replace(Directory_ + "/", "", StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
