using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Slipway.DockerApi;

namespace Slipway.Api.Versions;

/// <summary>The headers by which clients know what they talk to.</summary>
internal static class CommonHeaders
{
    private static readonly StringValues s_version = ApiVersion.Newest.ToString();

    /// <summary>The product's version, such as <c>0.1.0</c>.</summary>
    public static string ProductVersion { get; } = typeof(CommonHeaders).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    // After the version: fields are set in the order in which they stand here.
    private static readonly StringValues s_server = $"Slipway/{ProductVersion} (linux)";

    public static void Write(IHeaderDictionary headers)
    {
        headers["Api-Version"] = s_version;
        headers["Docker-Experimental"] = "false";
        headers["Ostype"] = "linux";
        headers.Server = s_server;
    }
}
