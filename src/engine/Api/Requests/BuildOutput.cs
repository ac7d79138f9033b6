using System.Threading.Channels;
using Slipway.Api.Routing;
using Slipway.Build;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api.Requests;

/// <summary>
/// The answer of a build: JSON messages while it goes on. A client that does not read misses output of commands beyond some megabytes, which
/// is said in its place; results and errors it never misses.
/// </summary>
internal sealed class BuildOutput : IAsyncDisposable
{
    private const long MostWaiting = 16 << 20;

    private readonly ApiCall _call;
    private readonly bool _quiet;
    private readonly Channel<JsonMessage> _messages = Channel.CreateUnbounded<JsonMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Task _writing;
    private long _waiting;
    private bool _clipped;

    public BuildOutput(ApiCall call, bool quiet)
    {
        (_call, _quiet) = (call, quiet);
        _writing = WriteAsync();
    }

    /// <summary>Runs a build. A failure after the first message is a message itself.</summary>
    public async Task RunAsync(Func<Action<JsonMessage>, Task<BuildResult>> build)
    {
        try
        {
            var result = await build(Report);
            if (_quiet)
            {
                Put(new JsonMessage { Stream = result.Image + "\n" });
            }

            await EndAsync();
        }
        catch (Exception e) when (e is EngineException or RunFailedException)
        {
            if (e is EngineException && !_call.Http.Response.HasStarted && Volatile.Read(ref _waiting) == 0)
            {
                throw;
            }

            await FailAsync((e as RunFailedException)?.ExitCode ?? 0, e.Message);
        }
        catch (OperationCanceledException) when (!_call.Aborted.IsCancellationRequested)
        {
            // By /build/cancel, or the daemon stops: an answer that merely ended would look like success.
            await FailAsync(0, "the build was cancelled");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await EndAsync();

    private Task FailAsync(int code, string message)
    {
        Put(new JsonMessage { ErrorDetail = new ErrorDetail { Code = code, Message = message }, Error = message });
        return EndAsync();
    }

    private void Report(JsonMessage message)
    {
        if (_quiet)
        {
            return;
        }

        if (Interlocked.Read(ref _waiting) < MostWaiting)
        {
            _clipped = false;
            Put(message);
        }
        else if (message.Aux is not null || !_clipped)
        {
            _clipped = true;
            Put(message.Aux is not null ? message : new JsonMessage { Stream = "[output clipped]\n" });
        }
    }

    private void Put(JsonMessage message)
    {
        Interlocked.Add(ref _waiting, message.Stream?.Length ?? 1);
        _messages.Writer.TryWrite(message);
    }

    private async Task EndAsync()
    {
        _messages.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAsync()
    {
        await foreach (var message in _messages.Reader.ReadAllAsync())
        {
            Interlocked.Add(ref _waiting, -(message.Stream?.Length ?? 1));
            try
            {
                if (!_call.Aborted.IsCancellationRequested)
                {
                    await JsonLines.WriteAsync(_call, message, DockerJson.Wire.JsonMessage);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The client has left; the watch ends the build.
            }
        }
    }
}
