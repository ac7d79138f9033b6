using System.Text;
using Slipway.Build.Graph;
using Slipway.DockerApi;

namespace Slipway.Build.Solve;

/// <summary>Reports what happens to one node.</summary>
internal sealed class NodeProgress(Operation node, Action<BuildEvent> report, TimeProvider time)
{
    private bool _started;

    /// <summary>Work begins; said once.</summary>
    internal void Started()
    {
        if (!_started)
        {
            _started = true;
            report(new OperationStarted(node, time.GetUtcNow()));
        }
    }

    /// <summary>A command printed something.</summary>
    internal void Output(OutputPiece piece) => report(new OperationPrinted(node, time.GetUtcNow(), piece.Stream, piece.Data));

    /// <summary>The engine has something to say about the work.</summary>
    internal void Print(string text) => Output(new OutputPiece(StdStream.Stderr, Encoding.UTF8.GetBytes(text)));

    internal void Done(Solved solved)
    {
        if (!solved.Cached)
        {
            Started();
        }

        report(new OperationDone(node, time.GetUtcNow(), solved.Key, solved.Cached));
    }

    internal void Failed(Exception error)
    {
        if (_started || error is not OperationCanceledException)
        {
            report(new OperationFailed(node, time.GetUtcNow(), error));
        }
    }
}
