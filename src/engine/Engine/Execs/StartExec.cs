using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.Engine.Containers;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Containers.Tasks;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Execs;

/// <summary><c>docker exec</c>, second half: runs the process under a conmon of its own.</summary>
public sealed class StartExec
{
    private readonly ExecTable _execs;
    private readonly ConmonMonitor _monitor;
    private readonly Lazy<ExecSpecFactory> _specs;
    private readonly EngineOptions _options;
    private readonly ContainerEvents _events;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    internal StartExec(ExecTable execs, ConmonMonitor monitor, Lazy<ExecSpecFactory> specs, EngineOptions options, ContainerEvents events, TimeProvider time, ILogger log) =>
        (_execs, _monitor, _specs, _options, _events, _time, _log) = (execs, monitor, specs, options, events, time, log);

    /// <summary>Starts an exec. Returns when its process runs; <see cref="Exec.Ended"/> completes when it has ended.</summary>
    /// <param name="exec">The exec; it can be started once.</param>
    /// <param name="attach">Called with the exec's directory when its attach socket listens and before the process exists; null to run detached.</param>
    /// <param name="cancel">Gives up before the process exists.</param>
    /// <exception cref="EngineException">It has been started already, its container has stopped, or the runtime refuses.</exception>
    public async Task RunAsync(Exec exec, Func<string, ValueTask>? attach, CancellationToken cancel)
    {
        if (!exec.TryStart())
        {
            throw EngineException.Conflict(exec.Running ? $"exec {exec.Id} is already running" : $"Error: Exec command {exec.Id} has already run");
        }

        if (exec.Container.Record.State.Status != ContainerStatus.Running || exec.Container.Task is not { } task)
        {
            exec.Complete(126);
            throw EngineException.Conflict($"container {exec.Container.Id} is not running");
        }

        try
        {
            var process = await CreateAsync(exec, task, attach, cancel).ConfigureAwait(false);
            exec.Pid = process.Pid;
            exec.Running = true;
            _events.Publish(exec.Container, "exec_start: " + string.Join(' ', exec.Request.Cmd ?? []), ("execID", exec.Id));
            _ = WaitAsync(exec, process);
        }
        catch (EngineException e)
        {
            exec.Complete(RuntimeErrors.ExitCodeFor(e.Message, otherwise: 126));
            await DeleteAsync(exec).ConfigureAwait(false);
            throw;
        }
        catch (IOException e) when (e is LinuxException { IsNotFound: true } || task.Process.HasExited)
        {
            // The container ended meanwhile, and its bundle with it. An ending process has no root some time before it is said to have ended.
            exec.Complete(126);
            throw EngineException.Conflict($"container {exec.Container.Id} is not running");
        }
    }

    private async Task<ExecProcess> CreateAsync(Exec exec, TaskHandle task, Func<string, ValueTask>? attach, CancellationToken cancel)
    {
        Cgroups.ExpectMigration();
        var exits = Path.Combine(exec.Directory, "exit");
        Directory.CreateDirectory(exits);
        var path = Path.Combine(exec.Directory, "process.json");
        await File.WriteAllBytesAsync(path, Specification(exec, task), cancel).ConfigureAwait(false);
        var runtime = exec.Container.Record.HostConfig.Runtime;
        var request = new MonitorRequest(exec.Container.Id, exec.Directory, exits, _options.RuntimePath(runtime), _options.ArgumentsOf(runtime), null, exec.Request.Tty, exec.Request.AttachStdin, false);
        return await _monitor.ExecAsync(request, path, attach is null ? null : () => attach(exec.Directory), cancel).ConfigureAwait(false);
    }

    private byte[] Specification(Exec exec, TaskHandle task)
    {
        var record = exec.Container.Record;
        using var root = SafePath.Open($"/proc/{task.Pid}/root");
        var name = exec.Request.User.Length > 0 ? exec.Request.User : record.Config.User;
        var user = RootUsers.Resolve(root, name, record.HostConfig.GroupAdd ?? []);
        return JsonSerializer.SerializeToUtf8Bytes(_specs.Value.Create(record, exec.Request, user), RuntimeJson.Default.ProcessSpec);
    }

    private async Task WaitAsync(Exec exec, ExecProcess process)
    {
        try
        {
            using (process)
            {
                exec.Complete(await process.ExitCodeAsync(CancellationToken.None).ConfigureAwait(false));
            }
        }
        catch (Exception e)
        {
            _log.LogWarning("exec {Id}: its end could not be learnt: {Reason}", exec.Id, e.Message);
            exec.Complete(255);
        }

        _events.Publish(exec.Container, "exec_die", ("execID", exec.Id), ("exitCode", exec.ExitCode.GetValueOrDefault().ToString(System.Globalization.CultureInfo.InvariantCulture)));
        await DeleteAsync(exec).ConfigureAwait(false);
        _execs.Trim(exec.Container);
    }

    private async Task DeleteAsync(Exec exec)
    {
        try
        {
            await RunDirectory.DeleteAsync(exec.Directory, _time).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            // The container ended at the same time and its whole bundle goes.
            _log.LogDebug("exec {Id}: {Reason}", exec.Id, e.Message);
        }
    }
}
