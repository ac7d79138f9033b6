using System.Collections.Concurrent;
using System.Security.Cryptography;
using Slipway.DockerApi;
using Slipway.Engine.Containers;

namespace Slipway.Engine.Execs;

/// <summary>Every exec, by id.</summary>
public sealed class ExecTable(ContainerEvents events, EnginePaths paths)
{
    // Ended execs stay for inspect; this many per container, so that a health check every second does not fill the memory.
    private const int KeptPerContainer = 256;

    private readonly ConcurrentDictionary<string, Exec> _byId = new(StringComparer.Ordinal);

    /// <summary>Finds an exec.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.NotFound"/>.</exception>
    public Exec Get(string id) => _byId.TryGetValue(id, out var exec) ? exec : throw EngineException.NotFound($"No such exec instance: {id}");

    /// <summary>Ids of the execs of a container that have not ended.</summary>
    public IReadOnlyList<string> ActiveIn(Container container)
    {
        lock (container.Execs)
        {
            return [.. container.Execs.Values.Where(e => e.ExitCode is null).Select(e => e.Id)];
        }
    }

    /// <summary><c>docker exec</c>, first half: notes what is to be run.</summary>
    /// <exception cref="EngineException">The container does not run, or nothing is to be run.</exception>
    public Exec Create(Container container, ExecCreateRequest request)
    {
        switch (container.Record.State.Status)
        {
            case ContainerStatus.Running:
                break;
            case ContainerStatus.Paused:
                throw EngineException.Conflict($"container {container.Id} is paused, unpause the container before exec");
            case ContainerStatus.Restarting:
                throw EngineException.Conflict($"Container {container.Id} is restarting, wait until the container is running");
            default:
                throw EngineException.Conflict($"container {container.Id} is not running");
        }

        if (request.Cmd is not { Count: > 0 } command)
        {
            throw EngineException.Invalid("No exec command specified");
        }

        Linux.Cgroups.ExpectMigration();
        var exec = New(container, request);
        _byId[exec.Id] = exec;
        lock (container.Execs)
        {
            container.Execs[exec.Id] = exec;
        }

        events.Publish(container, "exec_create: " + string.Join(' ', command), ("execID", exec.Id));
        return exec;
    }

    /// <summary>An exec that no client sees, for health checks.</summary>
    internal Exec New(Container container, ExecCreateRequest request)
    {
        var id = RandomNumberGenerator.GetHexString(64, lowercase: true);
        return new Exec(id, container, request) { Directory = paths.Exec(container.Id, id[..16]) };
    }

    /// <summary>Forgets the execs of a container that is gone.</summary>
    internal void Forget(Container container)
    {
        lock (container.Execs)
        {
            foreach (var id in container.Execs.Keys)
            {
                _byId.TryRemove(id, out _);
            }

            container.Execs.Clear();
        }
    }

    /// <summary>Drops the oldest ended execs of a container beyond <see cref="KeptPerContainer"/>.</summary>
    internal void Trim(Container container)
    {
        lock (container.Execs)
        {
            foreach (var ended in container.Execs.Values.Where(e => e.ExitCode is not null).OrderBy(e => e.EndedAt).Take(Math.Max(0, container.Execs.Count - KeptPerContainer)).ToList())
            {
                container.Execs.Remove(ended.Id);
                _byId.TryRemove(ended.Id, out _);
            }
        }
    }
}
