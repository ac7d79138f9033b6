using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>A git host on loopback: repositories over http (git's own CGI) with files in Git LFS.</summary>
internal sealed class GitHost : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Dictionary<string, byte[]> _large = [];
    private readonly string _root;
    private readonly Task _serving;

    internal GitHost(string root)
    {
        _root = Directory.CreateDirectory(root).FullName;
        Address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{PlatformRoom.FreePort()}/");
        _listener.Prefixes.Add(Address);
        _listener.Start();
        _serving = ServeAsync();
    }

    /// <summary>Where it answers, with a slash at the end.</summary>
    internal string Address { get; }

    /// <summary>Keeps content for Git LFS.</summary>
    /// <returns>What the repository has in its place.</returns>
    internal string Keep(string content)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        var oid = Convert.ToHexStringLower(SHA256.HashData(bytes));
        _large[oid] = bytes;
        return $"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {bytes.Length}\n";
    }

    /// <summary>Makes a repository of files, with a submodule where a file's name has an address.</summary>
    /// <returns>Its directory.</returns>
    internal string Repository(string name, params (string Path, string Text)[] files)
    {
        var path = Path.Combine(_root, name + ".git");
        Directory.CreateDirectory(path);
        Git(path, "init", "-q", "-b", "main");
        foreach (var (file, text) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(path, file))!);
            File.WriteAllText(Path.Combine(path, file), text);
        }

        return Commit(path);
    }

    /// <summary>Commits what is in a repository's directory.</summary>
    internal string Commit(string path)
    {
        Git(path, "add", "-A");
        Git(path, "commit", "-q", "-m", "A commit");
        Git(path, "config", "uploadpack.allowReachableSHA1InWant", "true");
        return path;
    }

    /// <summary>Runs git in a repository.</summary>
    internal static string Git(string path, params string[] arguments) => Tool.Run("git", ["-C", path, "-c", "user.name=t", "-c", "user.email=t@t", "-c", "protocol.file.allow=always", .. arguments]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                await AnswerAsync(await _listener.GetContextAsync());
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException or IOException)
            {
                // It was closed, or the caller went away.
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext call)
    {
        var path = call.Request.Url!.AbsolutePath;
        if (path.StartsWith("/elsewhere/", StringComparison.Ordinal))
        {
            call.Response.Redirect(Address + path["/elsewhere/".Length..] + call.Request.Url.Query);
            call.Response.Close();
        }
        else if (path.EndsWith("/info/lfs/objects/batch", StringComparison.Ordinal))
        {
            var wanted = (JsonArray)(await JsonNode.ParseAsync(call.Request.InputStream))!["objects"]!;
            var objects = wanted.Select(o => (JsonNode)new JsonObject
            {
                ["oid"] = o!["oid"]!.GetValue<string>(), ["size"] = o["size"]!.GetValue<long>(),
                ["actions"] = new JsonObject { ["download"] = new JsonObject { ["href"] = Address + "large/" + o["oid"]!.GetValue<string>(), ["header"] = new JsonObject { ["X-Proof"] = "yes" } } },
            });
            call.Response.Close(Encoding.UTF8.GetBytes(new JsonObject { ["objects"] = new JsonArray([.. objects]) }.ToJsonString()), willBlock: false);
        }
        else if (path.StartsWith("/large/", StringComparison.Ordinal))
        {
            call.Response.StatusCode = call.Request.Headers["X-Proof"] == "yes" ? 200 : 403;
            call.Response.Close(_large[path["/large/".Length..]], willBlock: false);
        }
        else
        {
            await BackendAsync(call, path);
        }
    }

    // CGI (RFC 3875), as git-http-backend(1) describes it.
    private async Task BackendAsync(HttpListenerContext call, string path)
    {
        var start = new ProcessStartInfo("git") { RedirectStandardInput = true, RedirectStandardOutput = true, ArgumentList = { "-c", "safe.directory=*", "http-backend" } };
        foreach (var (name, value) in ((string, string?)[])
            [
                ("GIT_PROJECT_ROOT", _root), ("GIT_HTTP_EXPORT_ALL", "1"), ("PATH_INFO", path), ("QUERY_STRING", call.Request.Url!.Query.TrimStart('?')), ("REQUEST_METHOD", call.Request.HttpMethod),
                ("CONTENT_TYPE", call.Request.ContentType), ("HTTP_CONTENT_ENCODING", call.Request.Headers["Content-Encoding"]), ("GIT_PROTOCOL", call.Request.Headers["Git-Protocol"]),
            ])
        {
            start.Environment[name] = value ?? "";
        }

        using var process = Process.Start(start)!;
        await call.Request.InputStream.CopyToAsync(process.StandardInput.BaseStream);
        process.StandardInput.Close();
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.WaitForExitAsync();
        var bytes = output.ToArray();
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (var line in Encoding.ASCII.GetString(bytes, 0, end).Split("\r\n"))
        {
            var parts = line.Split(": ", 2);
            if (parts[0] == "Status")
            {
                call.Response.StatusCode = int.Parse(parts[1].AsSpan(0, 3), CultureInfo.InvariantCulture);
            }
            else
            {
                call.Response.Headers[parts[0]] = parts[1];
            }
        }

        call.Response.Close(bytes[(end + 4)..], willBlock: false);
    }
}
