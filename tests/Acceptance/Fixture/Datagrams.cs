using System.Globalization;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Fixture;

/// <summary>A UDP service in a container, and questions to it. The image has no program for it, so the host's Python is mounted.</summary>
internal static class Datagrams
{
    /// <summary>Options that bring Python into a container.</summary>
    internal static string[] Python { get; } = ["-v", "/usr:/usr:ro", "-v", "/lib:/lib:ro", "-v", "/lib64:/lib64:ro"];

    /// <summary>A command that sends every datagram back with who the sender was taken for.</summary>
    internal static string[] Service(int port) =>
    [
        "/usr/bin/python3", "-c",
        $"import socket\ns=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)\ns.bind(('',{port}))\nwhile 1:\n d,a=s.recvfrom(2000)\n s.sendto(d+b' from '+a[0].encode(),a)",
    ];

    /// <summary>Asks once, by a command that runs elsewhere (a namespace, a container); "-" when nothing comes back within a second.</summary>
    internal static string Ask(string address, int port, params string[] where)
    {
        string[] command = [.. where, "/usr/bin/python3", "-c", Question(address, port)];
        return Tool.Try(command[0], command[1..]) is { Code: 0 } answer ? answer.Output.Trim() : "-";
    }

    /// <summary>The question as a Python program.</summary>
    internal static string Question(string address, int port) => string.Create(
        CultureInfo.InvariantCulture,
        $"import socket\ns=socket.socket(socket.AF_INET6 if ':' in '{address}' else socket.AF_INET,socket.SOCK_DGRAM)\ns.settimeout(1)\ns.connect(('{address}',{port}))\ns.send(b'hello')\nprint(s.recv(2000).decode())");
}
