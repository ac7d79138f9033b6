using System.Threading.Channels;
using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api.Requests;

/// <summary>
/// The answer of work that takes long: one JSON message per line, while it goes on. Progress that the client does not take in time is
/// dropped; results and errors never are.
/// </summary>
internal sealed class ProgressStream : IAsyncDisposable
{
    private const int Waiting = 64;

    private readonly ApiCall _call;
    private readonly bool _quiet;
    private readonly Channel<JsonMessage> _messages = Channel.CreateBounded<JsonMessage>(
        new BoundedChannelOptions(Waiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly Task _writing;

    public ProgressStream(ApiCall call, bool quiet)
    {
        _call = call;
        _quiet = quiet;
        _writing = WriteAsync();
    }

    /// <summary>Runs the work with a place for its progress, then writes its results. A failure after the first message is a message itself.</summary>
    public async Task RunAsync(Func<Action<JsonMessage>?, Task<IEnumerable<JsonMessage>>> work)
    {
        try
        {
            var results = await work(_quiet ? null : message => _messages.Writer.TryWrite(message));
            await EndAsync();
            foreach (var message in results)
            {
                await JsonLines.WriteAsync(_call, message, DockerJson.Wire.JsonMessage);
            }
        }
        catch (EngineException e)
        {
            await EndAsync();
            if (!_call.Http.Response.HasStarted)
            {
                throw;
            }

            var error = new JsonMessage { Error = e.Message, ErrorDetail = new ErrorDetail { Message = e.Message } };
            await JsonLines.WriteAsync(_call, error, DockerJson.Wire.JsonMessage);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await EndAsync();

    private async Task EndAsync()
    {
        _messages.Writer.TryComplete();
        await _writing;
    }

    private async Task WriteAsync()
    {
        await foreach (var message in _messages.Reader.ReadAllAsync())
        {
            if (!_call.Aborted.IsCancellationRequested)
            {
                await JsonLines.WriteAsync(_call, message, DockerJson.Wire.JsonMessage);
            }
        }
    }
}
