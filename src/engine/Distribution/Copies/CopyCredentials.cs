using System.Text.Json;
using Slipway.DockerApi;
using Slipway.Distribution.Authorization;
using Slipway.Engine;

namespace Slipway.Distribution.Copies;

/// <summary>Who we are to the registries that we copy from: the <c>auths</c> of a file as <c>docker login</c> writes it. Read each time, so that it may change.</summary>
internal sealed class CopyCredentials(string? file)
{
    private const long MostBytes = 1 << 20;

    /// <exception cref="EngineException">Unavailable: the file cannot be read.</exception>
    internal RegistryCredentials For(string domain)
    {
        if (file is null)
        {
            return RegistryCredentials.None;
        }

        try
        {
            if (new FileInfo(file).Length > MostBytes)
            {
                throw new IOException("it is larger than 1 MiB");
            }

            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            var auths = document.RootElement.TryGetProperty("auths", out var all) ? all.EnumerateObject() : default;
            foreach (var entry in auths.Where(entry => RegistryCredentials.Host(entry.Name) == domain))
            {
                return RegistryCredentials.From(entry.Value.Deserialize(DockerJson.Default.AuthConfig) ?? new AuthConfig());
            }

            return RegistryCredentials.None;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            throw new EngineException(ErrorKind.Unavailable, $"the credentials in {file} cannot be read: {e.Message}", e);
        }
    }
}
