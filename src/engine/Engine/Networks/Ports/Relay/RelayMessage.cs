using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Text;

namespace Slipway.Engine.Networks.Ports;

/// <summary>A port that a relay serves.</summary>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
/// <param name="At">Address and port on the host.</param>
internal sealed record RelayedPort(string Protocol, IPEndPoint At);

/// <summary>
/// What daemon and relay say to each other, one message each on a SOCK_SEQPACKET connection: <c>hello</c>, <c>add tcp [::]:80 172.17.0.2:80</c>
/// with the socket, <c>remove tcp [::]:80</c>, <c>list</c>, <c>end</c> (if there is no port). Answers: <c>ok PID</c>; to a list first a message like <c>add</c> per port.
/// </summary>
/// <param name="Verb">The first word.</param>
/// <param name="Port">The port, if there is one.</param>
/// <param name="Target">Where it leads, if that is said.</param>
/// <param name="Pid">The relay's process number in an answer.</param>
internal sealed record RelayMessage(string Verb, RelayedPort? Port = null, IPEndPoint? Target = null, int Pid = 0)
{
    internal const int LongestMessage = 256;

    /// <summary>The message as bytes.</summary>
    internal byte[] Write()
    {
        var words = new List<string> { Verb };
        if (Port is not null)
        {
            words.AddRange([Port.Protocol, Port.At.ToString()]);
        }

        if (Target is not null)
        {
            words.Add(Target.ToString());
        }

        if (Pid != 0)
        {
            words.Add(Pid.ToString(CultureInfo.InvariantCulture));
        }

        return Encoding.ASCII.GetBytes(string.Join(' ', words));
    }

    /// <summary>False for what is no message.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out RelayMessage? message)
    {
        var words = Encoding.ASCII.GetString(bytes).Split(' ');
        message = words switch
        {
            ["hello" or "list" or "end"] => new RelayMessage(words[0]),
            ["ok", var pid] when int.TryParse(pid, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => new RelayMessage("ok", Pid: number),
            ["remove", "tcp" or "udp", var at] when IPEndPoint.TryParse(at, out var host) => new RelayMessage("remove", new RelayedPort(words[1], host)),
            ["add", "tcp" or "udp", var at, var to] when IPEndPoint.TryParse(at, out var host) && IPEndPoint.TryParse(to, out var target) =>
                new RelayMessage("add", new RelayedPort(words[1], host), target),
            _ => null,
        };
        return message is not null;
    }
}
