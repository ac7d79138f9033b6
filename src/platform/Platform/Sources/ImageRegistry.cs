using Slipway.DockerApi;
using Slipway.Platform.Access;
using Slipway.Platform.Apps;
using Slipway.Platform.Model;
using Slipway.Platform.Secrets;
using Slipway.Platform.Settings;

namespace Slipway.Platform.Sources;

/// <summary>The registries that images of applications come from: which may be asked, and as whom.</summary>
public sealed class ImageRegistry(AppRoom apps, SecretBox secrets, ServerOptions options)
{
    private const string Usual = "docker.io";

    /// <summary>Sets as whom an application's image is pulled.</summary>
    /// <param name="caller">Who sets it.</param>
    /// <param name="name">The application.</param>
    /// <param name="user">Name at the registry; empty for nobody.</param>
    /// <param name="password">Password or token.</param>
    public void SetLogin(Caller caller, string name, string user, string password)
    {
        Rules.Text(user, "a user's name", 256);
        Rules.Text(password, "a password", 16 * 1024);
        apps.Change(caller, name, "registry login", app => app with
        {
            Source = app.Source with { RegistryUser = user.Length > 0 ? user : null, SealedRegistryPassword = user.Length > 0 ? secrets.Seal(password) : null },
        });
    }

    /// <summary>As whom an application's image is pulled; null for nobody.</summary>
    internal AuthConfig? LoginOf(App app) => app.Source is { RegistryUser: { } user, SealedRegistryPassword: { } password }
        ? new AuthConfig { Username = user, Password = secrets.Reveal(password), ServerAddress = HostOf(app.Source.Image ?? "") } : null;

    /// <summary>Refuses registries on inside networks, but for the server's own. The engine looks the name up again, so this keeps nobody out who answers differently the second time.</summary>
    /// <exception cref="PlatformException">It may not be asked.</exception>
    internal async Task AdmitAsync(string image, Server server, CancellationToken cancellation)
    {
        var host = HostOf(image);
        if (!options.AllowLocalSources && host != Usual && host != server.Registry?.Split('/')[0])
        {
            await UrlGuard.ResolveAsync(NameOf(host), options, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The registry in a reference: what is before the first slash, if it is <c>localhost</c> or has a dot or a port.</summary>
    internal static string HostOf(string image)
    {
        var first = image.Split('/')[0];
        return image.Contains('/', StringComparison.Ordinal) && (first == "localhost" || first.AsSpan().IndexOfAny('.', ':') >= 0) ? first : Usual;
    }

    private static string NameOf(string host) => host.StartsWith('[') ? host[..(host.IndexOf(']', StringComparison.Ordinal) + 1)] : host.Split(':')[0];
}
