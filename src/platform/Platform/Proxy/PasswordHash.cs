using System.Text;
using Slipway.Client;
using Slipway.DockerApi;
using Slipway.Platform.Engines;
using Slipway.Platform.Model;

namespace Slipway.Platform.Proxy;

/// <summary>Hashes passwords of domains as Caddy wants them (bcrypt), by Caddy itself.</summary>
public sealed class PasswordHash(EnginePool engines, ProxyContainer proxy)
{
    /// <summary>The bcrypt hash of a password, which is given to the program on its standard input.</summary>
    public async Task<string> OfAsync(Server server, App app, string password, CancellationToken cancellation)
    {
        if (password.Length is 0 or > 72 || password.Any(char.IsControl))
        {
            throw Apps.Rules.Invalid("a password has 1 to 72 characters");
        }

        await proxy.EnsureAsync(server, [app.EnvironmentId], cancellation).ConfigureAwait(false);
        var engine = engines.Of(server);
        var exec = await engine.CreateExecAsync(
            proxy.Name, new ExecCreateRequest { Cmd = ["caddy", "hash-password"], AttachStdin = true, AttachStdout = true, AttachStderr = true }, cancellation).ConfigureAwait(false);
        using var output = new BoundedOutput(4096);
        var stream = await engine.StartExecAsync(exec.Id, new ExecStartRequest(), cancellation).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(password + "\n"), cancellation).ConfigureAwait(false);
            stream.CloseWrite();
            await new MultiplexedStream(stream).CopyToAsync(output, output, cancellation).ConfigureAwait(false);
        }

        var hash = output.ToString().Trim();
        return hash.StartsWith("$2", StringComparison.Ordinal) ? hash : throw new PlatformException(Refusal.Unavailable, $"the proxy cannot hash a password: {hash}");
    }
}
