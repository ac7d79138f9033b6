using Google.Protobuf.WellKnownTypes;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Client;

namespace Slipway.BuildClient;

/// <summary>The builds that an engine remembers.</summary>
/// <param name="engine">The engine.</param>
public sealed class BuildRecords(EngineClient engine)
{
    private const string Control = "/moby.buildkit.v1.Control/";

    /// <summary>All of them, the newest first.</summary>
    /// <exception cref="BuildFailedException">The engine remembers none.</exception>
    /// <exception cref="EngineApiException">The engine has no such API.</exception>
    public Task<IReadOnlyList<BuildRecord>> ListAsync(CancellationToken cancel = default) => ConnectedAsync<IReadOnlyList<BuildRecord>>(
        async channel =>
        {
            var records = new List<BuildRecord>();
            await ReadAsync(channel, "ListenBuildHistory", new BuildHistoryRequest { EarlyExit = true }, BuildHistoryEvent.Parser, happened => records.Add(Of(happened.Record)), cancel).ConfigureAwait(false);
            return [.. records.OrderByDescending(record => record.Created)];
        },
        cancel);

    /// <summary>Tells again what happened during a build.</summary>
    /// <exception cref="BuildFailedException">There is no such build.</exception>
    public Task ReplayAsync(string id, Action<BuildUpdate> report, CancellationToken cancel = default) => ConnectedAsync(
        async channel =>
        {
            await ReadAsync(channel, "Status", new StatusRequest { Ref = id }, StatusResponse.Parser, status => report(BuildUpdates.Of(status)), cancel).ConfigureAwait(false);
            return true;
        },
        cancel);

    /// <summary>Forgets a build.</summary>
    /// <exception cref="BuildFailedException">There is no such build, or it is under way.</exception>
    public Task RemoveAsync(string id, CancellationToken cancel = default) => ConnectedAsync(
        channel => channel.CallAsync(Control + "UpdateBuildHistory", new UpdateBuildHistoryRequest { Ref = id, Delete = true }, UpdateBuildHistoryResponse.Parser, cancel), cancel);

    private static async Task ReadAsync<T>(GrpcChannel channel, string method, Google.Protobuf.IMessage request, Google.Protobuf.MessageParser<T> parser, Action<T> take, CancellationToken cancel)
        where T : class, Google.Protobuf.IMessage<T>
    {
        using var call = await channel.OpenAsync(Control + method, [], cancel).ConfigureAwait(false);
        await call.WriteAsync(request, cancel).ConfigureAwait(false);
        call.EndWriting();
        while (await call.ReadAsync(parser, cancel).ConfigureAwait(false) is { } message)
        {
            take(message);
        }
    }

    private static BuildRecord Of(BuildHistoryRecord record) => new(
        record.Ref, record.FrontendAttrs.GetValueOrDefault("context") is { Length: > 0 } address ? address : record.FrontendAttrs.GetValueOrDefault("filename") ?? "Dockerfile",
        record.FrontendAttrs.GetValueOrDefault("target") ?? "", Time(record.CreatedAt) ?? default, Time(record.CompletedAt), record.Error?.Message, record.NumTotalSteps, record.NumCachedSteps);

    private static DateTimeOffset? Time(Timestamp? time) => time?.ToDateTimeOffset();

    private async Task<T> ConnectedAsync<T>(Func<GrpcChannel, Task<T>> work, CancellationToken cancel)
    {
        try
        {
            return await BuildConnection.UseAsync(engine, work, cancel).ConfigureAwait(false);
        }
        catch (GrpcException e)
        {
            throw BuildFailures.Of(e);
        }
    }
}

/// <summary>A build that an engine remembers.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Source">What was built: the context's address, or the Dockerfile's name.</param>
/// <param name="Target">The stage; empty for the last.</param>
/// <param name="Created">When it began.</param>
/// <param name="Completed">When it ended; null while it is under way.</param>
/// <param name="Error">Why it failed; null when it did not.</param>
/// <param name="Steps">How many steps it had.</param>
/// <param name="Cached">How many of them were found done.</param>
public sealed record BuildRecord(string Id, string Source, string Target, DateTimeOffset Created, DateTimeOffset? Completed, string? Error, int Steps, int Cached);
