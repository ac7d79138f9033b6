using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// A netlink(7) socket of the namespace of the thread that opened it; usable from every thread, one exchange at a time. The kernel handles
/// requests inside send(2), so that all answers are there when it returns and nothing waits for them.
/// </summary>
internal sealed class NetlinkSocket : IDisposable
{
    private const int ErrorType = 2;
    private const int DoneType = 3;
    private const int FlagInterrupted = 0x10;
    private const int FlagCapped = 0x100;
    private const int FlagAttributes = 0x200;
    private const int MessageAttribute = 1;
    private const int LongestAnswer = 64 * 1024;
    private const int Room = 4 * 1024 * 1024;
    private const int Attempts = 10;

    private readonly SafeFileHandle socket;
    private readonly Lock turn = new();
    private readonly byte[] answer = new byte[LongestAnswer];
    private uint sequence;

    internal NetlinkSocket(int protocol)
    {
        socket = Descriptors.Own(SocketCalls.Create(NetlinkCalls.Family, NetlinkCalls.Raw | SocketCalls.CloseOnExec, protocol), "socket", "netlink");
        SetOption(NetlinkCalls.NetlinkLevel, NetlinkCalls.CapAcknowledge, 1);
        SetOption(NetlinkCalls.NetlinkLevel, NetlinkCalls.ExtendedAcknowledge, 1);
        SetOption(NetlinkCalls.NetlinkLevel, NetlinkCalls.StrictCheck, 1);
        SetOption(NetlinkCalls.SocketLevel, NetlinkCalls.ReceiveBufferForce, Room);

        // A batch must fit into it (EMSGSIZE); nothing is set aside.
        SetOption(NetlinkCalls.SocketLevel, NetlinkCalls.SendBufferForce, Room);
    }

    /// <summary>Gets one message of an answer: its type, its flags and what follows the header.</summary>
    internal delegate void Receiver(int type, ReadOnlySpan<byte> content);

    /// <summary>What the kernel said to one request that failed; <paramref name="Request"/> counts from 0.</summary>
    internal readonly record struct Failure(int Request, int Errno, string? Text);

    public void Dispose() => socket.Dispose();

    /// <summary>Sends the messages in one call and returns what failed; other answers go to the receiver.</summary>
    internal List<Failure> Exchange(NetlinkWriter requests, Receiver? receive = null)
    {
        lock (turn)
        {
            var first = Send(requests.Written);
            var failures = new List<Failure>();
            while (TryReceive(out var content))
            {
                Split(content, first, failures, receive);
            }

            return failures;
        }
    }

    /// <summary>Asks for a list. It is asked for again, with <paramref name="restart"/> called, when it changed while it was read.</summary>
    internal void Dump(NetlinkWriter request, string what, Receiver receive, Action restart)
    {
        lock (turn)
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                restart();
                var first = Send(request.Written);
                var failures = new List<Failure>();
                var whole = true;
                while (TryReceive(out var content))
                {
                    whole &= Split(content, first, failures, receive);
                }

                if (failures.Count > 0 && failures[0].Errno != Errno.Interrupted)
                {
                    throw new LinuxException("list", what, failures[0].Errno, failures[0].Text);
                }

                if (whole && failures.Count == 0)
                {
                    return;
                }
            }

            throw new LinuxException("list", what, Errno.Again);
        }
    }

    private uint Send(Span<byte> messages)
    {
        var first = sequence + 1;
        for (var rest = messages; rest.Length >= NetlinkWriter.HeaderLength; rest = rest[BinaryPrimitives.ReadInt32LittleEndian(rest)..])
        {
            BinaryPrimitives.WriteUInt32LittleEndian(rest[8..], ++sequence);
        }

        LinuxException.Check(NetlinkCalls.Send(socket, messages, (nuint)messages.Length, 0), "send", "netlink");
        return first;
    }

    private bool TryReceive(out ReadOnlySpan<byte> content)
    {
        content = default;
        nint size;
        do
        {
            size = NetlinkCalls.Receive(socket, answer, LongestAnswer, NetlinkCalls.DontWait | NetlinkCalls.Truncate);
        }
        while (size < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);

        if (size < 0 && Marshal.GetLastPInvokeError() == Errno.Again)
        {
            return false;
        }

        LinuxException.Check(size, "recv", "netlink");
        content = answer.AsSpan(0, (int)Math.Min(size, LongestAnswer));
        return true;
    }

    /// <summary>False when the list that this is part of changed while it was made.</summary>
    private static bool Split(ReadOnlySpan<byte> content, uint first, List<Failure> failures, Receiver? receive)
    {
        var whole = true;
        while (content.Length >= NetlinkWriter.HeaderLength)
        {
            var size = MemoryMarshal.Read<int>(content);
            if (size < NetlinkWriter.HeaderLength || size > content.Length)
            {
                break;
            }

            int type = MemoryMarshal.Read<ushort>(content[4..]);
            int flags = MemoryMarshal.Read<ushort>(content[6..]);
            var request = (int)(MemoryMarshal.Read<uint>(content[8..]) - first);
            whole &= (flags & FlagInterrupted) == 0;
            var body = content[NetlinkWriter.HeaderLength..size];
            if (type is ErrorType or DoneType)
            {
                AddFailure(type, flags, request, body, failures);
            }
            else if (request >= 0)
            {
                receive?.Invoke(type, body);
            }

            content = content[Math.Min(content.Length, (size + 3) & ~3)..];
        }

        return whole;
    }

    private static void AddFailure(int type, int flags, int request, ReadOnlySpan<byte> body, List<Failure> failures)
    {
        // A message that was dealt with before its answer was read belongs to an earlier exchange.
        if (request < 0 || body.Length < 4 || MemoryMarshal.Read<int>(body) is var error && error >= 0)
        {
            return;
        }

        var start = type == DoneType ? 4 : 4 + NetlinkWriter.HeaderLength;
        if (type == ErrorType && (flags & FlagCapped) == 0 && body.Length >= start)
        {
            start = 4 + ((MemoryMarshal.Read<int>(body[4..]) + 3) & ~3);
        }

        var attributes = new NetlinkAttributes((flags & FlagAttributes) != 0 && start <= body.Length ? body[start..] : default);
        failures.Add(new Failure(request, -error, attributes.Find(MessageAttribute) ? attributes.Text : null));
    }

    private void SetOption(int level, int option, int value) =>
        LinuxException.Check(NetlinkCalls.SetOption(socket, level, option, in value, sizeof(int)), "setsockopt", "netlink");
}
