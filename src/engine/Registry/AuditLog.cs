using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Slipway.Registry.Answers;

namespace Slipway.Registry;

/// <summary>Who changed what, and who was refused: one JSON document per line. At 16 MiB the file is renamed, and the one before it goes.</summary>
internal sealed class AuditLog : IAsyncDisposable
{
    private const long Largest = 16 << 20;

    private readonly string _path;
    private readonly ILogger _log;
    private readonly Channel<AuditLine> _lines = Channel.CreateBounded<AuditLine>(new BoundedChannelOptions(4096) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
    private readonly Task _writing;

    internal AuditLog(string path, ILogger log)
    {
        (_path, _log) = (path, log);
        _writing = Task.Run(WriteAsync);
    }

    internal ValueTask AddAsync(AuditLine line) => _lines.Writer.WriteAsync(line);

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAsync()
    {
        while (await _lines.Reader.WaitToReadAsync())
        {
            try
            {
                if (new FileInfo(_path) is { Exists: true, Length: > Largest })
                {
                    File.Move(_path, _path + ".1", overwrite: true);
                }

                await using var file = new FileStream(_path, new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
                while (_lines.Reader.TryRead(out var line))
                {
                    await file.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(line, RegistryJson.Default.AuditLine), (byte)'\n']);
                }
            }
            catch (IOException e)
            {
                _log.LogError("{Path} cannot be written: {Reason}", _path, e.Message);
                _lines.Reader.TryRead(out _);
            }
        }
    }
}
