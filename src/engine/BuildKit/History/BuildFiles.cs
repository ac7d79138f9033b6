using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Slipway.BuildKitApi.Messages;
using Slipway.Engine;
using Slipway.Linux;

namespace Slipway.BuildKit.History;

/// <summary>
/// Kept builds as files, one each, named by the hash of the build's id, which is the client's: the record, then what was told, each with its length
/// before it. What cannot be read or written is lost, and no build fails for it.
/// </summary>
internal sealed class BuildFiles(EnginePaths paths, ILogger log)
{
    // What a build printed beyond this is not kept.
    private const int MostPrinted = 4 << 20;

    /// <summary>The records of all.</summary>
    internal IReadOnlyList<BuildHistoryRecord> List()
    {
        Directory.CreateDirectory(paths.Builds);
        return [.. Directory.EnumerateFiles(paths.Builds).Select(path => Read(path, BuildHistoryRecord.Parser.ParseDelimitedFrom)).OfType<BuildHistoryRecord>()];
    }

    /// <summary>What was told during one of them; null when it is not there.</summary>
    internal IReadOnlyList<StatusResponse>? Progress(string build) => Read(PathOf(build), ReadProgress);

    internal void Write(BuildHistoryRecord record, IReadOnlyList<StatusResponse> progress)
    {
        using var file = new MemoryStream();
        record.WriteDelimitedTo(file);
        var room = MostPrinted;
        foreach (var status in progress.Where(status => status.Logs.Count == 0 || (room -= status.CalculateSize()) > 0))
        {
            status.WriteDelimitedTo(file);
        }

        Try(() => DurableFile.WriteAllBytes(PathOf(record.Ref), file.ToArray()));
    }

    /// <summary>Writes a record anew.</summary>
    internal void Change(BuildHistoryRecord record)
    {
        if (Progress(record.Ref) is { } progress)
        {
            Write(record, progress);
        }
    }

    internal void Delete(string build) => Try(() => File.Delete(PathOf(build)));

    private static List<StatusResponse> ReadProgress(Stream file)
    {
        BuildHistoryRecord.Parser.ParseDelimitedFrom(file);
        var progress = new List<StatusResponse>();
        while (file.Position < file.Length)
        {
            progress.Add(StatusResponse.Parser.ParseDelimitedFrom(file));
        }

        return progress;
    }

    private T? Read<T>(string path, Func<Stream, T> read)
        where T : class
    {
        try
        {
            using var file = File.OpenRead(path);
            return read(file);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or InvalidProtocolBufferException)
        {
            log.LogWarning("{File} is not readable: {Reason}", path, e.Message);
            return null;
        }
    }

    private void Try(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.LogWarning("the history of builds cannot be written: {Reason}", e.Message);
        }
    }

    private string PathOf(string build) => Path.Combine(paths.Builds, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(build))));
}
