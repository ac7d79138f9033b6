using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Slipway.Faults.Fixture;

namespace Slipway.Platform.Tests;

/// <summary>A git host on loopback: repositories over http (git's own CGI) with files in Git LFS.</summary>
internal sealed class GitHost : IAsyncDisposable
{
    private readonly Dictionary<string, byte[]> _large = [];
    private readonly string _root;
    private readonly LoopbackServer _server;

    internal GitHost(string root)
    {
        _root = Directory.CreateDirectory(root).FullName;
        _server = LoopbackServer.Start(AnswerAsync);
    }

    /// <summary>Where it answers, with a slash at the end.</summary>
    internal string Address => _server.Address;

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
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task AnswerAsync(HttpContext call)
    {
        var path = call.Request.Path.Value!;
        if (path.StartsWith("/elsewhere/", StringComparison.Ordinal))
        {
            call.Response.Redirect(Address + path["/elsewhere/".Length..] + call.Request.QueryString);
        }
        else if (path.EndsWith("/info/lfs/objects/batch", StringComparison.Ordinal))
        {
            var wanted = (JsonArray)(await JsonNode.ParseAsync(call.Request.Body))!["objects"]!;
            var objects = wanted.Select(o => (JsonNode)new JsonObject
            {
                ["oid"] = o!["oid"]!.GetValue<string>(), ["size"] = o["size"]!.GetValue<long>(),
                ["actions"] = new JsonObject { ["download"] = new JsonObject { ["href"] = Address + "large/" + o["oid"]!.GetValue<string>(), ["header"] = new JsonObject { ["X-Proof"] = "yes" } } },
            });
            await call.Response.WriteAsync(new JsonObject { ["objects"] = new JsonArray([.. objects]) }.ToJsonString());
        }
        else if (path.StartsWith("/large/", StringComparison.Ordinal))
        {
            call.Response.StatusCode = call.Request.Headers["X-Proof"] == "yes" ? 200 : 403;
            await call.Response.Body.WriteAsync(_large[path["/large/".Length..]]);
        }
        else
        {
            await BackendAsync(call, path);
        }
    }

    // CGI (RFC 3875), as git-http-backend(1) describes it.
    private async Task BackendAsync(HttpContext call, string path)
    {
        var start = new ProcessStartInfo("git") { RedirectStandardInput = true, RedirectStandardOutput = true, ArgumentList = { "-c", "safe.directory=*", "http-backend" } };
        foreach (var (name, value) in ((string, string?)[])
            [
                ("GIT_PROJECT_ROOT", _root), ("GIT_HTTP_EXPORT_ALL", "1"), ("PATH_INFO", path), ("QUERY_STRING", call.Request.QueryString.Value?.TrimStart('?')), ("REQUEST_METHOD", call.Request.Method),
                ("CONTENT_TYPE", call.Request.ContentType), ("HTTP_CONTENT_ENCODING", call.Request.Headers.ContentEncoding.ToString()), ("GIT_PROTOCOL", call.Request.Headers["Git-Protocol"].ToString()),
            ])
        {
            start.Environment[name] = value ?? "";
        }

        using var process = Process.Start(start)!;
        await call.Request.Body.CopyToAsync(process.StandardInput.BaseStream);
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

        await call.Response.Body.WriteAsync(bytes.AsMemory(end + 4));
    }
}
