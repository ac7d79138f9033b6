using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Slipway.Platform.Sources;

/// <summary>
/// Fetches what a repository keeps in Git LFS (its batch API, https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md) and puts it into the tree
/// that is built. The address is the repository's own; what the server names is judged like any address, and redirects are not followed.
/// </summary>
internal sealed partial class LargeFiles(GitRepository repository)
{
    private const string Json = "application/vnd.git-lfs+json";
    private const int MaxFiles = 1000;
    private const int MaxAnswer = 4 * 1024 * 1024;
    private const long MaxBytes = 1024L * 1024 * 1024;

    private sealed record Pointer(string Mode, string Path, string Oid, long Size);

    /// <summary>The tree with the content of its large files; the same one when it has none.</summary>
    /// <exception cref="PlatformException">They cannot be fetched.</exception>
    internal async Task<string> WithContentAsync(GitUrl url, string tree, CancellationToken cancellation)
    {
        if (!await UsesAsync(tree, cancellation).ConfigureAwait(false))
        {
            return tree;
        }

        var pointers = await PointersAsync(tree, cancellation).ConfigureAwait(false);
        if (pointers.Count == 0)
        {
            return tree;
        }

        if (url.Scheme is not ("https" or "http"))
        {
            throw new PlatformException(Refusal.Invalid, $"the repository keeps {pointers[0].Path} and others in Git LFS, which is only fetched over https");
        }

        if (pointers.Count > MaxFiles || pointers.Sum(pointer => pointer.Size) > MaxBytes)
        {
            throw new PlatformException(Refusal.TooLarge, $"the repository keeps more than {MaxFiles} files or 1 GiB in Git LFS");
        }

        try
        {
            return await FetchAsync(url, tree, pointers, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException or JsonException or IOException or InvalidOperationException)
        {
            throw new PlatformException(Refusal.Unavailable, $"the files that the repository keeps in Git LFS cannot be fetched: {e.InnerException?.Message ?? e.Message}", e);
        }
    }

    private async Task<bool> UsesAsync(string tree, CancellationToken cancellation)
    {
        try
        {
            await repository.Git().RunAsync(cancellation, "-C", repository.Path, "grep", "-q", "-F", "-e", "filter=lfs", tree, "--", ":(glob)**/.gitattributes").ConfigureAwait(false);
            return true;
        }
        catch (PlatformException)
        {
            return false;
        }
    }

    private async Task<IReadOnlyList<Pointer>> PointersAsync(string tree, CancellationToken cancellation)
    {
        string found;
        try
        {
            found = await repository.Git().RunAsync(cancellation, "-C", repository.Path, "grep", "-I", "-l", "-z", "--full-name", "-F", "-e", "version https://git-lfs.github.com/spec/v1", tree).ConfigureAwait(false);
        }
        catch (PlatformException)
        {
            return [];
        }

        List<Pointer> pointers = [];
        foreach (var path in found.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(line => line[(tree.Length + 1)..]).Take(MaxFiles + 1))
        {
            var entry = await repository.Git().RunAsync(cancellation, "--literal-pathspecs", "-C", repository.Path, "ls-tree", "-z", "-l", tree, "--", path).ConfigureAwait(false);
            var words = entry.Split('\t')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [var mode, "blob", var blob, var size] && size.Length < 4
                && Text().Match(await repository.Git().RunAsync(cancellation, "-C", repository.Path, "cat-file", "blob", blob).ConfigureAwait(false)) is { Success: true } match)
            {
                pointers.Add(new Pointer(mode, path, match.Groups[1].Value, long.Parse(match.Groups[2].ValueSpan, System.Globalization.CultureInfo.InvariantCulture)));
            }
        }

        return pointers;
    }

    private async Task<string> FetchAsync(GitUrl url, string tree, IReadOnlyList<Pointer> pointers, CancellationToken cancellation)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectCallback = ConnectAsync, ConnectTimeout = TimeSpan.FromSeconds(20) });
        var places = await PlacesAsync(client, url, pointers, cancellation).ConfigureAwait(false);
        List<string> entries = [];
        foreach (var pointer in pointers)
        {
            using var request = places.GetValueOrDefault(pointer.Oid)?.Invoke() ?? throw new PlatformException(Refusal.Unavailable, $"the git host does not have {pointer.Path} in Git LFS");
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
            answer.EnsureSuccessStatusCode();
            var content = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await using (content.ConfigureAwait(false))
            {
                var blob = await repository.Git().FeedAsync(stream => CopyAsync(content, stream, pointer, cancellation), cancellation, "-C", repository.Path, "hash-object", "-w", "--stdin").ConfigureAwait(false);
                entries.Add($"{pointer.Mode} {blob.Trim()}\t{pointer.Path}");
            }
        }

        return await repository.WithAsync(tree, entries, [], cancellation).ConfigureAwait(false);
    }

    private static async Task<Dictionary<string, Func<HttpRequestMessage>>> PlacesAsync(HttpClient client, GitUrl url, IReadOnlyList<Pointer> pointers, CancellationToken cancellation)
    {
        var wanted = new JsonObject { ["operation"] = "download", ["transfers"] = new JsonArray("basic"), ["objects"] = new JsonArray([.. pointers.DistinctBy(p => p.Oid).Select(p => new JsonObject { ["oid"] = p.Oid, ["size"] = p.Size })]) };
        var root = url.Text.TrimEnd('/');
        using var request = new HttpRequestMessage(HttpMethod.Post, (root.EndsWith(".git", StringComparison.Ordinal) ? root : root + ".git") + "/info/lfs/objects/batch") { Content = new StringContent(wanted.ToJsonString(), Encoding.UTF8, Json) };
        request.Headers.Accept.ParseAdd(Json);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        answer.EnsureSuccessStatusCode();
        await answer.Content.LoadIntoBufferAsync(MaxAnswer, cancellation).ConfigureAwait(false);
        var places = new Dictionary<string, Func<HttpRequestMessage>>(StringComparer.Ordinal);
        foreach (var item in JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false))?["objects"] as JsonArray ?? [])
        {
            if (item?["actions"]?["download"] is JsonObject download)
            {
                places[item["oid"]!.GetValue<string>()] = () => RequestOf(download);
            }
        }

        return places;
    }

    private static HttpRequestMessage RequestOf(JsonObject download)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, download["href"]!.GetValue<string>());
        foreach (var (name, value) in download["header"] as JsonObject ?? [])
        {
            request.Headers.TryAddWithoutValidation(name, value?.GetValue<string>());
        }

        return request;
    }

    private static async Task CopyAsync(Stream content, Stream target, Pointer pointer, CancellationToken cancellation)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        var left = pointer.Size;
        for (int count; (count = await content.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0 && (left -= count) >= 0;)
        {
            hash.AppendData(buffer, 0, count);
            await target.WriteAsync(buffer.AsMemory(0, count), cancellation).ConfigureAwait(false);
        }

        if (left != 0 || Convert.ToHexStringLower(hash.GetHashAndReset()) != pointer.Oid)
        {
            throw new PlatformException(Refusal.Unavailable, $"what the git host has for {pointer.Path} in Git LFS is not what the repository says");
        }
    }

    /// <summary>Connects to the addresses that were checked, and to no others.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var secure = context.InitialRequestMessage.RequestUri!.Scheme == "https";
        if (!repository.Options.AllowLocalSources && !secure)
        {
            throw new PlatformException(Refusal.Forbidden, "sources over http are not allowed here");
        }

        IReadOnlyList<IPAddress> addresses = repository.Options.AllowLocalSources
            ? await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellation).ConfigureAwait(false)
            : await UrlGuard.ResolveAsync(context.DnsEndPoint.Host, repository.Options, cancellation).ConfigureAwait(false);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync([.. addresses], context.DnsEndPoint.Port, cancellation).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    [GeneratedRegex(@"\Aversion https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,12})\n?\z")]
    private static partial Regex Text();
}
