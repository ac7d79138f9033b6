using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>Messages over a unix socket that carry an open file to another process. Both calls block.</summary>
public static class DescriptorMessages
{
    private const int ControlHeader = 16;

    /// <summary>Sends a message, with a descriptor if one is given; the receiver gets one of its own.</summary>
    public static unsafe void Send(Socket socket, ReadOnlySpan<byte> data, SafeFileHandle? descriptor = null)
    {
        fixed (byte* bytes = data)
        {
            var held = false;
            try
            {
                descriptor?.DangerousAddRef(ref held);
                var part = new MessageCalls.Vector { Base = bytes, Length = (nuint)data.Length };
                var control = new MessageCalls.OneDescriptor
                {
                    Length = ControlHeader + sizeof(int),
                    Level = MessageCalls.SocketLevel,
                    Type = MessageCalls.Rights,
                    Descriptor = (int)(descriptor?.DangerousGetHandle() ?? -1),
                };
                var message = new MessageCalls.Header { Parts = &part, PartCount = 1 };
                if (descriptor is not null)
                {
                    message.Control = &control;
                    message.ControlLength = (nuint)sizeof(MessageCalls.OneDescriptor);
                }

                LinuxException.Check(MessageCalls.Send(socket.Handle, &message, MessageCalls.NoSignal), "sendmsg");
            }
            finally
            {
                if (held)
                {
                    descriptor!.DangerousRelease();
                }
            }
        }
    }

    /// <summary>Receives one message and the descriptor that came with it. 0 when the other side has closed.</summary>
    /// <exception cref="LinuxException">EAGAIN after the socket's receive timeout.</exception>
    public static unsafe int Receive(Socket socket, Span<byte> buffer, out SafeFileHandle? descriptor)
    {
        descriptor = null;
        fixed (byte* bytes = buffer)
        {
            var part = new MessageCalls.Vector { Base = bytes, Length = (nuint)buffer.Length };
            var control = default(MessageCalls.OneDescriptor);
            var message = new MessageCalls.Header
            {
                Parts = &part,
                PartCount = 1,
                Control = &control,
                ControlLength = (nuint)sizeof(MessageCalls.OneDescriptor),
            };
            nint size;
            do
            {
                size = MessageCalls.Receive(socket.Handle, &message, MessageCalls.CloseOnExec);
            }
            while (size < 0 && Marshal.GetLastPInvokeError() == Errno.Interrupted);

            LinuxException.Check(size, "recvmsg");
            if (message.ControlLength >= ControlHeader + sizeof(int) && control is { Level: MessageCalls.SocketLevel, Type: MessageCalls.Rights })
            {
                descriptor = new SafeFileHandle(control.Descriptor, ownsHandle: true);
            }

            return (int)size;
        }
    }
}
