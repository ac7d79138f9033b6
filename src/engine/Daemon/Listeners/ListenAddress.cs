using System.Globalization;
using System.Net;
using Slipway.Daemon.Options;

namespace Slipway.Daemon.Listeners;

/// <summary>One value of <c>-H</c>.</summary>
/// <param name="Text">As it was written.</param>
/// <param name="Path">Path of a unix socket, or null.</param>
/// <param name="Tcp">Address of a TCP socket, or null.</param>
/// <param name="Descriptor">For <c>fd://N</c>: which passed socket; null for all of them.</param>
public sealed record ListenAddress(string Text, string? Path, IPEndPoint? Tcp, int? Descriptor)
{
    /// <summary>Whether sockets come from the service manager (<c>sd_listen_fds(3)</c>).</summary>
    public bool Activated => Path is null && Tcp is null;

    /// <summary>Reads an address and checks that it may be served with these settings.</summary>
    /// <exception cref="OptionException">It is malformed, or TCP without proof of who calls.</exception>
    public static ListenAddress Parse(string text, DaemonSettings settings)
    {
        var (scheme, rest) = text.IndexOf("://", StringComparison.Ordinal) is > 0 and var at ? (text[..at], text[(at + 3)..]) : ("", text);
        return scheme switch
        {
            "unix" => Unix(text, rest),
            "fd" => new ListenAddress(text, null, null, Number(text, rest)),
            "tcp" => TcpOf(text, rest, settings),
            _ => throw new OptionException($"invalid value \"{text}\" for host: it must be unix://PATH, tcp://HOST:PORT or fd://"),
        };
    }

    private static ListenAddress Unix(string text, string rest)
    {
        var path = rest.Length == 0 ? DaemonSettings.DefaultHost["unix://".Length..] : rest;
        return path.StartsWith('/') && System.Text.Encoding.UTF8.GetByteCount(path) <= 107
            ? new ListenAddress(text, path, null, null)
            : throw new OptionException($"invalid value \"{text}\" for host: the path of a unix socket is absolute and at most 107 bytes long");
    }

    private static int? Number(string text, string rest) =>
        rest is "" or "*" ? null
        : int.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= 3 ? number
        : throw new OptionException($"invalid value \"{text}\" for host: fd:// or fd://N with N from 3");

    private static ListenAddress TcpOf(string text, string rest, DaemonSettings settings)
    {
        if (!settings.TlsVerify && !settings.InsecureTcp)
        {
            throw new OptionException($"{text} would give root on this machine to whoever reaches it: use --tlsverify with --tlscacert, --tlscert and --tlskey (or, knowingly, --insecure-tcp)");
        }

        rest = rest.TrimEnd('/');
        var port = settings.Tls || settings.TlsVerify ? 2376 : 2375;
        var colon = rest.LastIndexOf(':');
        if (colon >= 0 && !rest.EndsWith(']'))
        {
            port = int.TryParse(rest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var given) && given <= 65535
                ? given
                : throw new OptionException($"invalid value \"{text}\" for host: the port is a number up to 65535");
            rest = rest[..colon];
        }

        var address = rest is "" or "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(rest.Trim('[', ']'), out var parsed) ? parsed
            : throw new OptionException($"invalid value \"{text}\" for host: \"{rest}\" is no IP address");
        return new ListenAddress(text, null, new IPEndPoint(address, port), null);
    }
}
