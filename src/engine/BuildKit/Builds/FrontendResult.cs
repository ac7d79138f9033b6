using Google.Protobuf;
using Slipway.Build;
using Slipway.Build.Dockerfile;
using Slipway.Build.Graph;
using Slipway.BuildKitApi.Messages;

namespace Slipway.BuildKit.Builds;

/// <summary>What the frontend made of a Dockerfile: a build that is planned, and done when somebody wants its result.</summary>
internal sealed class FrontendResult : IAsyncDisposable
{
    private readonly ClientBuild _build;
    private readonly Dictionary<Operation, ProgressStep> _steps = [];
    private readonly IAsyncDisposable _contexts;
    private readonly Lazy<Task> _evaluated;
    private SourceSpan? _failed;
    private ResultFiles? _files;

    internal FrontendResult(ClientBuild build, PlannedBuild plan, FrontendOptions options, byte[] dockerfile, IAsyncDisposable contexts)
    {
        (_build, Plan, Options, Dockerfile, _contexts) = (build, plan, options, dockerfile, contexts);
        foreach (var operation in plan.Graph.Operations)
        {
            _steps[operation] = build.Progress.Step(operation.Name, operation.Inputs.Select(input => _steps[input]));
        }

        _evaluated = new Lazy<Task>(SolveAsync);
    }

    /// <summary>The build.</summary>
    internal PlannedBuild Plan { get; }

    /// <summary>Called when it goes.</summary>
    internal Action Ended { get; set; } = () => { };

    /// <summary>What the client wanted.</summary>
    internal FrontendOptions Options { get; }

    /// <summary>The platform it is for.</summary>
    internal Oci.Platform Platform => Plan.Graph.Config.Platform;

    /// <summary>Its text.</summary>
    internal byte[] Dockerfile { get; }

    /// <summary>The line of the progress that is an operation's.</summary>
    internal ProgressStep Step(Operation operation) => _steps[operation];

    /// <summary>Does the build, once.</summary>
    /// <exception cref="Slipway.BuildKitApi.Grpc.GrpcException">It failed.</exception>
    internal Task EvaluateAsync() => _evaluated.Value;

    /// <summary>Its files, once it is done.</summary>
    internal async Task<ResultFiles> FilesAsync()
    {
        await EvaluateAsync().ConfigureAwait(false);
        lock (_steps)
        {
            return _files ??= new ResultFiles(Plan.OpenTree());
        }
    }

    /// <summary>Tells what is wrong with the Dockerfile without being an error.</summary>
    internal void Warn(ProgressStep step)
    {
        foreach (var warning in Plan.Graph.Warnings)
        {
            step.Warn(Warning(warning));
        }
    }

    public async ValueTask DisposeAsync()
    {
        Ended();
        _files?.Dispose();
        await Plan.DisposeAsync().ConfigureAwait(false);
        await _contexts.DisposeAsync().ConfigureAwait(false);
    }

    private async Task SolveAsync()
    {
        try
        {
            await Plan.SolveAsync(Report, _build.Canceled).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Failures.Of(e, Options.FileName, Dockerfile, _failed);
        }
    }

    private void Report(BuildEvent happened)
    {
        var step = _steps[happened.Operation];
        switch (happened)
        {
            case OperationStarted:
                step.Start();
                break;
            case OperationPrinted printed:
                step.Print((int)printed.Stream, printed.Data);
                break;
            case OperationDone done:
                step.Done(done.Cached);
                break;
            case OperationFailed failed:
                _failed ??= failed.Error is OperationCanceledException ? null : happened.Operation.Source;
                step.Fail(Failures.Text(failed.Error));
                break;
        }
    }

    private VertexWarning Warning(Diagnostic warning) => new()
    {
        Level = 1,
        Short = ByteString.CopyFromUtf8($"{warning.Rule}: {warning.Message} (line {warning.Span.Line})"),
        Detail = { ByteString.CopyFromUtf8(warning.Description ?? "") },
        Url = warning.Url ?? "",
        Info = new SourceInfo { Filename = Options.FileName, Data = ByteString.CopyFrom(Dockerfile), Language = "Dockerfile" },
        Ranges = { new Slipway.BuildKitApi.Messages.Range { Start = new Position { Line = warning.Span.Line }, End = new Position { Line = warning.Span.EndLine } } },
    };
}
