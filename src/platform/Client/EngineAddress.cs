using System.Globalization;
using System.Net.Sockets;

namespace Slipway.Client;

/// <summary>Where an engine listens: <c>unix:///path</c> or <c>tcp://host:port</c>.</summary>
public sealed record EngineAddress
{
    private const int DefaultTcpPort = 2375;

    private EngineAddress(string? socketPath, string host, int port) => (SocketPath, Host, Port) = (socketPath, host, port);

    /// <summary>Path of the Unix socket, or null for TCP.</summary>
    public string? SocketPath { get; }

    /// <summary>Host name for the <c>Host</c> header and for TCP.</summary>
    public string Host { get; }

    /// <summary>TCP port.</summary>
    public int Port { get; }

    /// <summary>Where slipwayd listens unless told otherwise.</summary>
    public static EngineAddress Default { get; } = Unix("/run/slipway/slipway.sock");

    /// <summary>A Unix socket.</summary>
    public static EngineAddress Unix(string path) => new(path, "slipway", 0);

    /// <summary>Reads an address as docker's <c>-H</c> takes it.</summary>
    /// <exception cref="FormatException">It is none, or of an unknown kind.</exception>
    public static EngineAddress Parse(string text)
    {
        if (text.StartsWith("unix://", StringComparison.Ordinal) && text.Length > "unix://".Length)
        {
            return Unix(text["unix://".Length..]);
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "tcp" or "http" && uri.Host.Length > 0)
        {
            return new EngineAddress(null, uri.Host, uri.Port > 0 ? uri.Port : DefaultTcpPort);
        }

        throw new FormatException($"unable to parse docker host `{text}`");
    }

    /// <inheritdoc/>
    public override string ToString() =>
        SocketPath is not null ? "unix://" + SocketPath : string.Create(CultureInfo.InvariantCulture, $"tcp://{Host}:{Port}");

    /// <summary>Connects.</summary>
    /// <exception cref="EngineUnreachableException">Nothing answers there.</exception>
    internal async ValueTask<Socket> ConnectAsync(CancellationToken cancellation)
    {
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

            return socket;
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
