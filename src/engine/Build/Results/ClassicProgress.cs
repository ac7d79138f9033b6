using System.Text;
using System.Text.Json;
using Slipway.Build.Graph;
using Slipway.DockerApi;
using Slipway.Oci;

namespace Slipway.Build.Results;

/// <summary>
/// Tells a build as Docker's classic builder does: instruction after instruction in the order of the file, though they may run at the same
/// time. The one whose turn it is is shown live; what others print waits for theirs.
/// </summary>
public sealed class ClassicProgress(Action<JsonMessage> send)
{
    // Kept of a command's output until its turn comes.
    private const int MostKept = 1 << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<Operation, NodeState> _nodes = [];
    private IReadOnlyList<BuildStep> _steps = [];
    private int _current;
    private bool _shown;

    /// <summary>The build begins.</summary>
    internal void Begin(BuildGraph graph)
    {
        lock (_lock)
        {
            _steps = graph.Steps;
            foreach (var operation in graph.Operations)
            {
                _nodes[operation] = new NodeState();
            }

            foreach (var warning in graph.Warnings)
            {
                Say($"[Warning] {warning.Message}\n");
            }

            Advance();
        }
    }

    /// <summary>Something happened.</summary>
    internal void Report(BuildEvent happened)
    {
        lock (_lock)
        {
            if (!_nodes.TryGetValue(happened.Operation, out var node))
            {
                return;
            }

            switch (happened)
            {
                case OperationStarted:
                    node.Started = true;
                    break;
                case OperationPrinted printed:
                    node.Print(printed.Data.Span, MostKept);
                    break;
                case OperationDone done:
                    (node.Done, node.Cached, node.Key) = (true, done.Cached, done.Key);
                    break;
                case OperationFailed:
                    node.Failed = true;
                    break;
            }

            Advance();
            if (node.Failed)
            {
                ShowFailed(happened.Operation, node);
            }
        }
    }

    /// <summary>The image is there.</summary>
    internal void End(Digest image, IReadOnlyList<Reference> names)
    {
        lock (_lock)
        {
            send(new JsonMessage { Aux = JsonSerializer.SerializeToElement(new ImageIdAux { ID = image.ToString() }, DockerJson.Wire.ImageIdAux) });
            Say($"Successfully built {image.Short}\n");
            foreach (var name in names)
            {
                Say($"Successfully tagged {name.Familiar}\n");
            }
        }
    }

    private void Advance()
    {
        while (_current < _steps.Count)
        {
            var step = _steps[_current];
            var node = _nodes[step.State];
            if (!_shown)
            {
                Say(step.Heading + "\n");
                _shown = true;
            }

            if (Makes(_current))
            {
                ShowWork(node);
            }

            if (!node.Done)
            {
                return;
            }

            Say($" ---> {Id(step, node)}\n");
            (_current, _shown) = (_current + 1, false);
        }
    }

    // Instructions that only change the config leave the tree of the one before.
    private bool Makes(int index) =>
        _steps[index].State is LayerStep && (index == 0 || _steps[index - 1].State != _steps[index].State || _steps[index - 1].Stage != _steps[index].Stage);

    private void ShowWork(NodeState node)
    {
        if (node.Done && node.Cached && !node.Told)
        {
            node.Told = true;
            Say(" ---> Using cache\n");
            return;
        }

        if (node.Started && !node.Told)
        {
            node.Told = true;
            Say($" ---> Running in {node.Name}\n");
        }

        if (node.Take() is { Length: > 0 } output)
        {
            Say(output);
        }
    }

    // A command that failed out of turn is shown at once: nothing that stands before it will come any more.
    private void ShowFailed(Operation operation, NodeState node)
    {
        if (_steps.FirstOrDefault(step => step.State == operation) is { } step && (_current >= _steps.Count || _steps[_current].State != operation))
        {
            Say(step.Heading + "\n");
        }

        ShowWork(node);
    }

    private static string Id(BuildStep step, NodeState node) =>
        step.State is ImageSource { Resolved: { } image } ? image.Digest.Short : node.Key is { Length: >= 12 } key ? key[..12] : "000000000000";

    private void Say(string text) => send(new JsonMessage { Stream = text });

    private sealed class NodeState
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
        private readonly StringBuilder _waiting = new();

        internal bool Started { get; set; }

        internal bool Told { get; set; }

        internal bool Done { get; set; }

        internal bool Failed { get; set; }

        internal bool Cached { get; set; }

        internal string Key { get; set; } = "";

        internal string Name { get; } = Guid.NewGuid().ToString("N")[..12];

        internal void Print(ReadOnlySpan<byte> data, int most)
        {
            var text = new char[_decoder.GetCharCount(data, flush: false)];
            _decoder.GetChars(data, text, flush: false);
            if (_waiting.Length < most)
            {
                _waiting.Append(text);
                _waiting.Append(_waiting.Length >= most ? "\n[output clipped]\n" : "");
            }
        }

        internal string Take()
        {
            var text = _waiting.ToString();
            _waiting.Clear();
            return text;
        }
    }
}
