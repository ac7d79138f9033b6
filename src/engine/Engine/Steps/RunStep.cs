using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Slipway.DockerApi;
using Slipway.Engine.Cleanup;
using Slipway.Engine.Containers;
using Slipway.Engine.Containers.Spec;
using Slipway.Engine.Containers.Tasks;
using Slipway.Linux;
using Slipway.Oci;

namespace Slipway.Engine.Steps;

/// <summary>
/// Runs a command on a stack of layers: a container without a row, a name or a monitor. The runtime itself stays as the parent and passes
/// output and exit code on; what the command changed is handed over as a directory, not copied.
/// </summary>
public sealed class RunStep : IDisposable
{
    private readonly EnginePaths _paths;
    private readonly EngineOptions _options;
    private readonly EtcFiles _etc;
    private readonly Lazy<SpecFactory> _specs;
    private readonly Lazy<HostFacts> _host;
    private readonly BackgroundRemoval _removal;
    private readonly StepNetwork _network;
    private readonly StepProcess _process;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    internal RunStep(EnginePaths paths, EngineOptions options, EtcFiles etc, Lazy<SpecFactory> specs, Lazy<HostFacts> host, StepNetwork network, BackgroundRemoval removal, ProcessWatch watch, TimeProvider time, ILogger log)
    {
        (_paths, _options, _etc, _specs, _host, _network, _removal, _time, _log) = (paths, options, etc, specs, host, network, removal, time, log);
        _process = new StepProcess(paths, watch, time);
    }

    /// <summary>Runs the command to its end.</summary>
    /// <param name="request">What to run on what.</param>
    /// <param name="output">Takes what it prints.</param>
    /// <param name="cancel">Kills it; nothing is left.</param>
    /// <exception cref="EngineException">InvalidArgument for what cannot be run: an unknown user, a missing program, a limit that is none.</exception>
    public async Task<StepResult> RunAsync(StepRequest request, StepOutput output, CancellationToken cancel)
    {
        Cgroups.ExpectMigration();
        var id = RandomNumberGenerator.GetHexString(64, lowercase: true);
        var record = await RecordAsync(id, request).ConfigureAwait(false);
        var directories = new StepDirectories(_paths, id);
        string? kept = null;
        try
        {
            directories.Mount(request.LowerDirs, [.. request.Mounts.Select(mount => (mount.Destination, StepMounts.IsDirectory(mount)))]);
            var code = await RunConnectedAsync(record, request, directories, output, cancel).ConfigureAwait(false);
            directories.Unmount();
            kept = code == 0 ? Changes(directories.Upper) : null;
            return new StepResult(code, kept);
        }
        catch (LinuxException e)
        {
            throw new EngineException(e.IsNoSpace ? ErrorKind.Unavailable : ErrorKind.Internal, $"cannot run a build step: {e.Message}", e);
        }
        finally
        {
            Discard(id, directories);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    private async Task<int> RunConnectedAsync(ContainerRecord record, StepRequest request, StepDirectories directories, StepOutput output, CancellationToken cancel)
    {
        using var connection = await _network.ConnectAsync(record).ConfigureAwait(false);
        WriteBundle(record, request, directories, connection);
        return await _process.RunAsync(record.Id, _options.RuntimePath(null), SpecFactory.CgroupPath(record, _options), output, cancel).ConfigureAwait(false);
    }

    private async Task<ContainerRecord> RecordAsync(string id, StepRequest request)
    {
        var asked = new ContainerCreateRequest
        {
            Cmd = request.Args,
            Env = request.Config.Env,
            WorkingDir = request.Config.WorkingDir,
            User = request.Config.User,
            Hostname = request.Config.Hostname,
            HostConfig = request.Host,
        };
        var normalized = ContainerRequestValidator.Normalize(asked, null, id, _options, _host.Value);
        return new ContainerRecord
        {
            Id = id,
            Name = id,
            Created = _time.GetUtcNow(),
            Path = normalized.Path,
            Args = normalized.Args,
            Config = normalized.Config,
            HostConfig = normalized.HostConfig,
            Endpoints = await _network.EndpointsAsync(normalized).ConfigureAwait(false),
        };
    }

    private void WriteBundle(ContainerRecord record, StepRequest request, StepDirectories directories, StepConnection connection)
    {
        var mounts = StepMounts.Prepare(directories.Bundle, request.Mounts);
        _etc.Write(record, connection.Endpoints);
        using var root = SafePath.Open(directories.RootFs);
        var spec = _specs.Value.Create(new SpecInputs
        {
            Record = record,
            RootFs = directories.RootFs,
            User = RootUsers.Resolve(root, record.Config.User, []),
            CgroupPath = SpecFactory.CgroupPath(record, _options),
            Mounts = mounts,
            NetworkNamespace = connection.NamespacePath,
            HostsPath = _etc.PathOf(record.Id, "hosts"),
            HostnamePath = _etc.PathOf(record.Id, "hostname"),
            ResolvConfPath = _etc.PathOf(record.Id, "resolv.conf"),
        });
        File.WriteAllBytes(Path.Combine(directories.Bundle, "config.json"), JsonSerializer.SerializeToUtf8Bytes(spec, RuntimeJson.Default.RuntimeSpec));
    }

    // Moved out of the step's own directories, which go.
    private string? Changes(string upper)
    {
        using (var root = SafePath.Open(upper))
        {
            if (!root.ReadDirectory(".").Any())
            {
                return null;
            }
        }

        var staged = Path.Combine(_paths.Staging, $"step-{Guid.NewGuid():N}");
        Directory.Move(upper, staged);
        return staged;
    }

    private void Discard(string id, StepDirectories directories)
    {
        try
        {
            directories.Unmount();
            _removal.Remove(_paths.Container(id));
            using var bundles = SafePath.Open(_paths.Bundles);
            bundles.RemoveTree(id);
        }
        catch (LinuxException e) when (!e.IsNotFound)
        {
            _log.LogWarning("build step {Id} leaves something behind until the next start: {Reason}", id, e.Message);
        }
        catch (LinuxException)
        {
            // It failed before it had a bundle.
        }
    }
}
