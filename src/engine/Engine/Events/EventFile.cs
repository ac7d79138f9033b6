using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.DockerApi;

namespace Slipway.Engine.Events;

/// <summary>
/// The last events on disk, one JSON object per line, so that <c>since</c> reaches back across a restart of the daemon. It lies on the
/// exec root, a tmpfs: a reboot ends it. Two files of a bounded size take turns; what cannot be written is only missing later.
/// </summary>
internal sealed class EventFile : IDisposable
{
    private const long MaxBytes = 1 << 20;

    private readonly string _path;
    private readonly ILogger _log;
    private FileStream? _file;

    private EventFile(string path, ILogger log) => (_path, _log) = (path, log);

    private string Older => _path + ".1";

    /// <summary>Opens the file of an earlier daemon, or a new one.</summary>
    /// <param name="path">The newer one of the two files.</param>
    /// <param name="log">Where a failure to write is told, once.</param>
    internal static EventFile Open(string path, ILogger log)
    {
        var file = new EventFile(path, log);
        file.Append();
        return file;
    }

    /// <summary>Events of earlier daemons, oldest first. Lines that cannot be read are left out.</summary>
    internal IEnumerable<EventMessage> Read()
    {
        foreach (var path in (string[])[Older, _path])
        {
            var lines = new FileInfo(path) is { Exists: true, Length: <= 2 * MaxBytes } ? File.ReadAllLines(path) : [];
            foreach (var message in lines.Select(Parse).OfType<EventMessage>())
            {
                yield return message;
            }
        }
    }

    /// <summary>Appends an event. Calls do not overlap.</summary>
    internal void Write(EventMessage message)
    {
        try
        {
            if (_file is { Length: > MaxBytes })
            {
                _file.Dispose();
                File.Move(_path, Older, overwrite: true);
                Append();
            }

            _file?.Write([.. JsonSerializer.SerializeToUtf8Bytes(message, DockerJson.Wire.EventMessage), (byte)'\n']);
        }
        catch (IOException e)
        {
            _log.LogWarning("events are not kept in {Path} any more: {Reason}", _path, e.Message);
            Dispose();
            _file = null;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private void Append() => _file = new FileStream(_path, new FileStreamOptions
    {
        Mode = FileMode.Append,
        Access = FileAccess.Write,
        Share = FileShare.Read,
        BufferSize = 0,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });

    private static EventMessage? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, DockerJson.Wire.EventMessage);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
