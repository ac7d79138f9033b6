using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Win32.SafeHandles;

namespace Slipway.Transport;

/// <summary>
/// Lets the kernel send parts of files as bodies (sendfile(2)). Kestrel counts what a response consists of by the memory it hands out, so it
/// is given memory that nobody reads or writes, and the connection sends the file instead of it.
/// </summary>
public sealed class FileSending
{
    // Several times a socket's buffer: between two pieces the response goes through three threads.
    private const int PieceSize = 16 << 20;

    // Never touched, and never moved by the collector, so it takes up addresses and no memory.
    private static readonly byte[] s_nothing = GC.AllocateUninitializedArray<byte>(PieceSize, pinned: true);

    private readonly Socket _socket;
    private FileStream? _file;
    private long _offset;
    private int _pending;

    internal FileSending(Socket socket) => _socket = socket;

    /// <summary>Whether memory is asked for that stands for a file.</summary>
    internal bool IsActive => _file is not null;

    internal int Pending => _pending;

    internal static Memory<byte> Memory => s_nothing;

    /// <summary>Sends part of a file as part of a response whose length was announced.</summary>
    /// <param name="response">The response; it begins if it has not.</param>
    /// <param name="file">Opened for asynchronous reading.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="cancel">Stops between two pieces.</param>
    public async Task SendAsync(HttpResponse response, SafeFileHandle file, long offset, long length, CancellationToken cancel)
    {
        await response.StartAsync(cancel);
        await response.BodyWriter.FlushAsync(cancel);
        await using var stream = new FileStream(file, FileAccess.Read, bufferSize: 0, isAsync: true);
        (_file, _offset) = (stream, offset);
        try
        {
            for (var left = length; left > 0;)
            {
                cancel.ThrowIfCancellationRequested();
                var piece = (int)Math.Min(left, PieceSize);
                if (response.BodyWriter.GetMemory().Length < piece)
                {
                    // Memory of Kestrel's own, for what is written to nobody. Asked for a whole piece, it would make that.
                    return;
                }

                response.BodyWriter.Advance(piece);
                if ((await response.BodyWriter.FlushAsync(cancel)).IsCompleted)
                {
                    return;
                }

                left -= piece;
            }
        }
        finally
        {
            (_file, _pending) = (null, 0);
        }
    }

    internal void Advance(int bytes) => _pending += bytes;

    /// <summary>Sends what was announced by <see cref="Advance"/>.</summary>
    internal async Task FlushAsync()
    {
        using var packet = new SocketAsyncEventArgs { SendPacketsElements = [new SendPacketsElement(_file!, _offset, _pending)] };
        var done = new TaskCompletionSource<SocketError>(TaskCreationOptions.RunContinuationsAsynchronously);
        packet.Completed += (_, e) => done.SetResult(e.SocketError);
        var error = _socket.SendPacketsAsync(packet) ? await done.Task : packet.SocketError;
        if (error != SocketError.Success)
        {
            throw new SocketException((int)error);
        }

        _offset += _pending;
        _pending = 0;
    }
}
