using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Slipway.Cli.Output;

namespace Slipway.Cli.Credentials;

/// <summary>
/// Credentials for registries, kept as docker keeps them: <c>config.json</c> with <c>auths</c>, or helper programs named by <c>credHelpers</c>
/// and <c>credsStore</c>. What is not in our own file is looked for in docker's.
/// </summary>
/// <param name="directory">Our configuration's directory; written to.</param>
internal sealed class CredentialStore(string directory)
{
    /// <summary>What docker calls Docker Hub in its file.</summary>
    public const string Hub = "https://index.docker.io/v1/";

    private const long MaxBytes = 4 << 20;

    private string File => Path.Combine(directory, "config.json");

    private static string DockerFile => Path.Combine(
        Environment.GetEnvironmentVariable("DOCKER_CONFIG") is { Length: > 0 } given ? given : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker"),
        "config.json");

    /// <summary>The registry of an image name, as the file has it: <c>localhost:5000</c>, or <see cref="Hub"/>.</summary>
    public static string ServerOf(string image)
    {
        int slash = image.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? "" : image[..slash];
        bool isHost = first.AsSpan().ContainsAny('.', ':') || first == "localhost" || first.Any(char.IsAsciiLetterUpper);
        return isHost ? Server(first) : Hub;
    }

    /// <summary>A registry as somebody typed it, in the file's form.</summary>
    public static string Server(string typed)
    {
        string host = typed.Contains("://", StringComparison.Ordinal) ? typed[(typed.IndexOf("://", StringComparison.Ordinal) + 3)..] : typed;
        host = host.Split('/')[0];
        return host is "" or "docker.io" or "index.docker.io" or "registry-1.docker.io" ? Hub : host;
    }

    /// <summary>The header with credentials for an image's registry.</summary>
    public string HeaderFor(string image) => $"X-Registry-Auth: {Encode(Find(ServerOf(image)) ?? [])}\r\n";

    /// <summary>The header with all credentials that the files name, for who may need any of them: a build's base images.</summary>
    public string HeaderForAll()
    {
        JsonObject all = [];
        foreach (JsonObject config in new[] { File, DockerFile }.Distinct().Select(Read))
        {
            foreach (string name in (config.Object("auths") ?? []).Concat(config.Object("credHelpers") ?? []).Select(entry => entry.Key).Where(name => !all.ContainsKey(Server(name))))
            {
                try
                {
                    all[Server(name)] = Find(Server(name));
                }
                catch (CommandException)
                {
                    // A registry that this build has nothing to do with may be broken.
                }
            }
        }

        return $"X-Registry-Config: {Encode(all)}\r\n";
    }

    /// <summary>Credentials in the engine's shape, or null.</summary>
    /// <exception cref="CommandException">A file or a helper is broken.</exception>
    public JsonObject? Find(string server)
    {
        foreach (string file in new[] { File, DockerFile }.Distinct())
        {
            JsonObject config = Read(file);
            if (Helper(config, server) is { } helper)
            {
                if (helper.Get(server) is { } found)
                {
                    return found;
                }
            }
            else if (config.Object("auths") is { } auths && auths.FirstOrDefault(entry => Server(entry.Key) == server).Value is JsonObject entry)
            {
                return Decode(entry, server);
            }
        }

        return null;
    }

    /// <summary>Remembers credentials.</summary>
    /// <returns>The file in which they lie unencrypted, or null when a helper has them.</returns>
    public string? Put(string server, string user, string password)
    {
        JsonObject config = Read(File);
        if (Helper(config, server) is { } helper)
        {
            helper.Store(server, user, password);
            return null;
        }

        JsonObject auths = config.Object("auths") ?? [];
        auths[server] = new JsonObject { ["auth"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")) };
        config["auths"] ??= auths;
        Write(config);
        return File;
    }

    /// <summary>Forgets credentials.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Remove(string server)
    {
        JsonObject config = Read(File);
        if (Helper(config, server) is { } helper)
        {
            return helper.Erase(server);
        }

        string? key = config.Object("auths")?.Select(entry => entry.Key).FirstOrDefault(name => Server(name) == server);
        if (key is null)
        {
            return false;
        }

        config.Object("auths")!.Remove(key);
        Write(config);
        return true;
    }

    private static string Encode(JsonObject credentials) =>
        Convert.ToBase64String(Encoding.UTF8.GetBytes(credentials.ToJsonString())).Replace('+', '-').Replace('/', '_');

    private static CredentialHelper? Helper(JsonObject config, string server)
    {
        string name = config.Object("credHelpers")?.FirstOrDefault(entry => Server(entry.Key) == server).Value is JsonValue value ? value.ToString() : config.Text("credsStore");
        return name.Length > 0 ? new CredentialHelper(name) : null;
    }

    private static JsonObject Decode(JsonObject entry, string server)
    {
        JsonObject credentials = new() { ["serveraddress"] = server };
        try
        {
            string[] pair = Encoding.UTF8.GetString(Convert.FromBase64String(entry.Text("auth"))).Split(':', 2);
            (credentials["username"], credentials["password"]) = (pair[0], pair.Length > 1 ? pair[1] : "");
        }
        catch (FormatException)
        {
            throw new CommandException($"the stored credentials for {server} are unreadable");
        }

        foreach (string name in new[] { "identitytoken", "registrytoken" }.Where(name => entry.Text(name).Length > 0))
        {
            credentials[name] = entry.Text(name);
        }

        return credentials;
    }

    private static JsonObject Read(string file)
    {
        try
        {
            return !System.IO.File.Exists(file) ? []
                : new FileInfo(file).Length > MaxBytes ? throw new CommandException($"{file} is too large")
                : JsonNode.Parse(System.IO.File.ReadAllText(file)) as JsonObject ?? [];
        }
        catch (JsonException e)
        {
            throw new CommandException($"{file}: {e.Message}");
        }
    }

    // Nobody else may read it at any moment, and a crash leaves the old or the new content.
    private void Write(JsonObject config)
    {
        Directory.CreateDirectory(directory);
        string draft = $"{File}.{Environment.ProcessId}";
        FileStreamOptions options = new() { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
        using (FileStream stream = new(draft, options))
        {
            stream.Write(Encoding.UTF8.GetBytes(Json.Indented(config)));
            stream.Flush(flushToDisk: true);
        }

        System.IO.File.Move(draft, File, overwrite: true);
    }
}
