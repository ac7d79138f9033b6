using System.Globalization;
using System.Net.Sockets;
using Slipway.Client.Tunnels;

namespace Slipway.Client;

/// <summary>Where an engine listens: <c>unix:///path</c>, <c>tcp://host:port</c>, or <c>ssh://[user@]host[:port][/path]</c>.</summary>
public sealed record EngineAddress
{
    private const int DefaultTcpPort = 2375;

    private const int DefaultTlsPort = 2376;

    private EngineAddress(string? socketPath, string host, int port) => (SocketPath, Host, Port) = (socketPath, host, port);

    /// <summary>Path of the Unix socket, or null for TCP.</summary>
    public string? SocketPath { get; }

    /// <summary>Host name for the <c>Host</c> header and for TCP.</summary>
    public string Host { get; }

    /// <summary>Port of TCP or ssh; 0 for ssh's own choice.</summary>
    public int Port { get; }

    /// <summary>How TCP is secured; null for not at all.</summary>
    public TlsFiles? Tls { get; private init; }

    /// <summary>For ssh: the address that the other machine's client uses (empty for its own choice); else null.</summary>
    public string? RemoteHost { get; private init; }

    /// <summary>For ssh: the user, or empty.</summary>
    public string User { get; private init; } = "";

    /// <summary>Where slipwayd listens unless told otherwise.</summary>
    public static EngineAddress Default { get; } = Unix("/run/slipway/slipway.sock");

    /// <summary>A Unix socket.</summary>
    public static EngineAddress Unix(string path) => new(path, "slipway", 0);

    /// <summary>Reads an address as docker's <c>-H</c> takes it.</summary>
    /// <param name="text">The address.</param>
    /// <param name="tls">How TCP is to be secured; null for not at all.</param>
    /// <exception cref="FormatException">It is none, or of an unknown kind.</exception>
    public static EngineAddress Parse(string text, TlsFiles? tls = null)
    {
        if (text.StartsWith("unix://", StringComparison.Ordinal) && text.Length > "unix://".Length)
        {
            return Unix(text["unix://".Length..]);
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "tcp" or "http" or "https" or "ssh" && uri.Host.Length > 0)
        {
            var port = uri.Port > 0 && !(uri.IsDefaultPort && uri.Scheme == "ssh") ? uri.Port : 0;
            return uri.Scheme == "ssh" ? Ssh(uri, port) : new EngineAddress(null, uri.Host, port > 0 ? port : tls is null ? DefaultTcpPort : DefaultTlsPort) { Tls = tls };
        }

        throw new FormatException($"unable to parse docker host `{text}`");
    }

    // A host that begins with a dash would be an option of ssh.
    private static EngineAddress Ssh(Uri uri, int port) => uri.Host[0] == '-' || uri.UserInfo.StartsWith('-') || uri.UserInfo.Contains(':', StringComparison.Ordinal)
        ? throw new FormatException($"unable to parse docker host `{uri}`")
        : new EngineAddress(null, uri.Host, port) { User = Uri.UnescapeDataString(uri.UserInfo), RemoteHost = uri.AbsolutePath is "/" or "" ? "" : "unix://" + Uri.UnescapeDataString(uri.AbsolutePath) };

    /// <inheritdoc/>
    public override string ToString() =>
        RemoteHost is not null ? string.Create(CultureInfo.InvariantCulture, $"ssh://{Host}") : SocketPath is not null ? "unix://" + SocketPath : string.Create(CultureInfo.InvariantCulture, $"tcp://{Host}:{Port}");

    /// <summary>Connects.</summary>
    /// <exception cref="EngineUnreachableException">Nothing answers there.</exception>
    internal async ValueTask<Socket> ConnectAsync(CancellationToken cancellation)
    {
        if (RemoteHost is not null)
        {
            return await SshTunnel.OpenAsync(this, cancellation).ConfigureAwait(false);
        }

        var socket = SocketPath is not null
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (SocketPath is not null)
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellation).ConfigureAwait(false);
            }
            else
            {
                await socket.ConnectAsync(Host, Port, cancellation).ConfigureAwait(false);
            }

            return Tls is null ? socket : await TlsTunnel.OpenAsync(socket, Host, Tls, cancellation).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new EngineUnreachableException(this, e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
