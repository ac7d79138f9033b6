using Slipway.Platform.Access;
using Slipway.Platform.Apps;
using Slipway.Platform.Model;
using Slipway.Platform.Secrets;
using Slipway.Platform.Settings;

namespace Slipway.Platform.Sources;

/// <summary>Makes deploy keys; the private half never leaves the platform.</summary>
public sealed class DeployKeys(AppRoom apps, SecretBox secrets, ServerOptions options)
{
    /// <summary>Gives an application a new key.</summary>
    /// <returns>The public half.</returns>
    public async Task<string> GenerateAsync(Caller caller, App app, CancellationToken cancellation)
    {
        caller.Require(Abilities.Write);
        var (secret, open) = await DeployKeyFile.GenerateAsync(PrivateFile.Directory(Path.Combine(options.DataRoot, "staging")), "slipway-" + app.Name, cancellation).ConfigureAwait(false);
        apps.Change(caller, app.Id, "deploy key", present => present with { Source = present.Source with { DeployKey = open, SealedKey = secrets.Seal(secret) } });
        return open;
    }
}
