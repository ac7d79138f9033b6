using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux;

namespace Slipway.Engine.Networks.Ports;

/// <summary>
/// The relay: serves published ports that the kernel cannot translate, with sockets that daemons hand over. It needs none of them to go on,
/// and ends when it has had no port for a while.
/// </summary>
public static class RelayProcess
{
    private static readonly TimeSpan s_idle = TimeSpan.FromSeconds(20);

    /// <summary>Runs until there is nothing to do any more.</summary>
    /// <param name="path">Where daemons reach it.</param>
    /// <param name="time">Times idleness.</param>
    public static async Task<int> RunAsync(string path, TimeProvider time)
    {
        using var listener = UnixSockets.ListenSeqPacket(path, 0x180 /* 0600 */, -1);
        var ports = new RelayedPorts(time);
        new Thread(() => Accept(listener, ports)) { IsBackground = true, Name = "daemons" }.Start();
        while (!ports.TryEnd(s_idle))
        {
            await Task.WhenAny(Task.Delay(s_idle, time), ports.Ended).ConfigureAwait(false);
        }

        return 0;
    }

    private static void Accept(Socket listener, RelayedPorts ports)
    {
        while (true)
        {
            try
            {
                var connection = listener.Accept();
                new Thread(() => Answer(connection, ports)) { IsBackground = true, Name = "daemon" }.Start();
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    private static void Answer(Socket connection, RelayedPorts ports)
    {
        using (connection)
        {
            try
            {
                var buffer = new byte[RelayMessage.LongestMessage];
                while (DescriptorMessages.Receive(connection, buffer, out var descriptor) is > 0 and var size)
                {
                    if (!RelayMessage.TryRead(buffer.AsSpan(0, size), out var message) || !Obey(message, descriptor, connection, ports))
                    {
                        descriptor?.Dispose();
                        return;
                    }

                    DescriptorMessages.Send(connection, new RelayMessage("ok", Pid: Environment.ProcessId).Write());
                }
            }
            catch (LinuxException)
            {
                // The daemon went away.
            }
        }
    }

    private static bool Obey(RelayMessage message, SafeFileHandle? descriptor, Socket connection, RelayedPorts ports)
    {
        switch (message)
        {
            case { Verb: "hello" }:
                return true;
            case { Verb: "add", Port: { } port, Target: { } target } when descriptor is not null:
                return ports.TryAdd(port, descriptor, target);
            case { Verb: "remove", Port: { } port }:
                ports.Remove(port);
                return true;
            case { Verb: "end" }:
                return ports.TryEnd(TimeSpan.Zero);
            case { Verb: "list" }:
                foreach (var (port, target, socket) in ports.List())
                {
                    DescriptorMessages.Send(connection, new RelayMessage("add", port, target).Write(), socket);
                }

                return true;
            default:
                return false;
        }
    }
}
