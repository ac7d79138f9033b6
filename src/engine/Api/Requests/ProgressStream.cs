using System.Threading.Channels;
using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;

namespace Slipway.Api.Requests;

/// <summary>
/// The answer of work that takes long: one JSON message per line, while it goes on. Numbers that the client does not take in time are
/// dropped; what happened, results and errors never are.
/// </summary>
internal sealed class ProgressStream : IAsyncDisposable
{
    private const int Waiting = 64;

    private readonly ApiCall _call;
    private readonly bool _quiet;
    private readonly Channel<JsonMessage> _messages = Channel.CreateUnbounded<JsonMessage>(
        new UnboundedChannelOptions());
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
            var results = await work(_quiet ? null : Report);
            await EndAsync();
            foreach (var message in results)
            {
                await JsonLines.WriteAsync(_call, message, DockerJson.Wire.JsonMessage);
            }
        }
        catch (Exception e) when (e is EngineException || (e is OperationCanceledException && !_call.Aborted.IsCancellationRequested))
        {
            await EndAsync();
            if (!_call.Http.Response.HasStarted)
            {
                throw;
            }

            var text = e is EngineException ? e.Message : "context canceled";
            var error = new JsonMessage { Error = text, ErrorDetail = new ErrorDetail { Message = text } };
            await JsonLines.WriteAsync(_call, error, DockerJson.Wire.JsonMessage);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await EndAsync();

    private void Report(JsonMessage message)
    {
        if (message.ProgressDetail is not { Current: > 0 } || _messages.Reader.Count < Waiting)
        {
            _messages.Writer.TryWrite(message);
        }
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
            if (!_call.Aborted.IsCancellationRequested)
            {
                await JsonLines.WriteAsync(_call, message, DockerJson.Wire.JsonMessage);
            }
        }
    }
}
