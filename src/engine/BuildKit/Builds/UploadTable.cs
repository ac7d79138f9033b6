namespace Slipway.BuildKit.Builds;

/// <summary>Contexts that clients send in a request of their own, for a build that is asked for in another.</summary>
internal sealed class UploadTable(TimeProvider time)
{
    /// <summary>What such a build names as its context.</summary>
    internal const string Address = "upload-request";

    private readonly Rendezvous<Upload> _uploads = new("context for build", time);

    /// <summary>Offers one until it has been read.</summary>
    internal async Task OfferAsync(string build, Stream context, CancellationToken gone)
    {
        var upload = new Upload(context, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _uploads.Add(build, upload);
        try
        {
            await upload.Read.Task.WaitAsync(gone).ConfigureAwait(false);
        }
        finally
        {
            _uploads.Remove(build);
        }
    }

    /// <summary>Reads the one of a build.</summary>
    internal async Task<T> ReadAsync<T>(string build, Func<Stream, Task<T>> read, CancellationToken cancel)
    {
        var upload = await _uploads.GetAsync(build, cancel).ConfigureAwait(false);
        try
        {
            return await read(upload.Context).ConfigureAwait(false);
        }
        finally
        {
            upload.Read.TrySetResult();
        }
    }

    private sealed record Upload(Stream Context, TaskCompletionSource Read);
}
