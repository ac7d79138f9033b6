using Google.Protobuf.WellKnownTypes;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildClient;

/// <summary>BuildKit's messages about progress as updates.</summary>
internal static class BuildUpdates
{
    internal static BuildUpdate Of(StatusResponse status) => new(
        [.. status.Vertexes.Select(vertex => new StepChange(vertex.Digest, [.. vertex.Inputs], vertex.Name, Time(vertex.Started), Time(vertex.Completed), vertex.Cached, vertex.Error))],
        [.. status.Statuses.Select(part => new StepPart(part.Vertex, part.Id, part.Name, part.Current, part.Total, Time(part.Timestamp), Time(part.Started), Time(part.Completed)))],
        [.. status.Logs.Select(log => new StepOutput(log.Vertex, (int)log.Stream, Time(log.Timestamp), log.Msg.Memory))],
        [.. status.Warnings.Select(Warning)]);

    private static StepWarning Warning(VertexWarning warning) => new(
        warning.Vertex, warning.Short.ToStringUtf8(), [.. warning.Detail.Select(text => text.ToStringUtf8())], warning.Url,
        warning.Info is { } info && warning.Ranges.FirstOrDefault() is { } range
            ? new BuildFailurePlace(info.Filename, info.Data.ToStringUtf8(), range.Start?.Line ?? 1, range.End?.Line ?? range.Start?.Line ?? 1)
            : null);

    private static DateTimeOffset? Time(Timestamp? time) => time?.ToDateTimeOffset();
}
