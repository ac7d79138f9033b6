using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Slipway.Build.Graph;
using Slipway.Engine;
using Slipway.Linux;

namespace Slipway.Build.Context;

/// <summary>Files from http and https addresses. Whoever may build is root here, so no address is forbidden; credentials are never shown.</summary>
internal static class RemoteFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly Lazy<HttpClient> Client = new(() => new HttpClient(new SocketsHttpHandler
    {
        ConnectTimeout = TimeSpan.FromSeconds(15),
        MaxAutomaticRedirections = 10,
    })
    { Timeout = Timeout.InfiniteTimeSpan });

    /// <summary>Downloads a file of a build into a directory of its own.</summary>
    /// <exception cref="EngineException">InvalidArgument when it cannot be had, or is not what its checksum says.</exception>
    internal static async Task<BuildContext> FetchAsync(SlipwayEngine engine, HttpSource source, CancellationToken cancel)
    {
        var files = BuildContext.CreateEmpty(engine);
        try
        {
            using var response = await OpenAsync(source.Url, cancel).ConfigureAwait(false);
            var digest = await SaveAsync(files.Root, source.FileName, response, source.Checksum?.Algorithm, cancel).ConfigureAwait(false);
            return source.Checksum is { } wanted && digest != wanted.Hex
                ? throw EngineException.Invalid($"digest mismatch {wanted.Algorithm}:{digest}: {wanted}")
                : files;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>Begins a download.</summary>
    /// <exception cref="EngineException">InvalidArgument when the address is none or does not answer with success.</exception>
    internal static async Task<HttpResponseMessage> OpenAsync(string url, CancellationToken cancel)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw EngineException.Invalid("invalid URL");
        }

        var shown = new UriBuilder(address) { UserName = "", Password = "", Query = "" }.Uri;
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(address) { UserName = "", Password = "" }.Uri);
        if (address.UserInfo.Length > 0)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(address.UserInfo))));
        }

        try
        {
            var response = await Client.Value.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
            if (response.IsSuccessStatusCode)
            {
                return response;
            }

            response.Dispose();
            throw EngineException.Invalid($"invalid response status {(int)response.StatusCode} for {shown}");
        }
        catch (HttpRequestException e)
        {
            throw EngineException.Invalid($"failed to load {shown}: {e.Message}", e);
        }
    }

    private static async Task<string> SaveAsync(SafePath root, string name, HttpResponseMessage response, string? algorithm, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(algorithm == "sha512" ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256);
        using var file = root.CreateFile(name, Private);
        try
        {
            var body = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
            await using (body.ConfigureAwait(false))
            {
                var buffer = new byte[128 << 10];
                long at = 0;
                for (int read; (read = await body.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0; at += read)
                {
                    hash.AppendData(buffer, 0, read);
                    RandomAccess.Write(file, buffer.AsSpan(0, read), at);
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw EngineException.Invalid($"the download of {name} ended early: {e.Message}", e);
        }

        if (response.Content.Headers.LastModified is { } modified)
        {
            var nanoseconds = modified.ToUnixTimeSeconds() * 1_000_000_000;
            OpenFileAttributes.SetTimes(file, nanoseconds, nanoseconds);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
