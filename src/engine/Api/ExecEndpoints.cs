using Slipway.Api.Hijack;
using Slipway.Api.Routing;
using Slipway.DockerApi;
using Slipway.Engine;
using Slipway.Engine.Attach;
using Slipway.Engine.Execs;

namespace Slipway.Api;

/// <summary>Further processes in running containers.</summary>
public sealed class ExecEndpoints(SlipwayEngine engine)
{
    /// <summary>Adds the routes.</summary>
    public void Map(RouteTable routes)
    {
        routes.Post("/containers/{id}/exec", CreateAsync);
        routes.Post("/exec/{id}/start", StartAsync);
        routes.Post("/exec/{id}/resize", Resize);
        routes.Get("/exec/{id}/json", call => call.JsonAsync(engine.InspectExec.Run(engine.Execs.Get(call.Name)), DockerJson.Wire.ExecInspect));
    }

    private async Task CreateAsync(ApiCall call)
    {
        var container = engine.Containers.Get(call.Name);
        var request = await call.RequiredBodyAsync(DockerJson.Default.ExecCreateRequest);
        DetachKeys.Parse(request.DetachKeys);
        var exec = engine.Execs.Create(container, request);
        await call.JsonAsync(new IdResponse { Id = exec.Id }, DockerJson.Wire.IdResponse, 201);
    }

    private async Task StartAsync(ApiCall call)
    {
        var exec = engine.Execs.Get(call.Name);
        var request = await call.BodyAsync(DockerJson.Default.ExecStartRequest) ?? new ExecStartRequest();
        if (request.Detach)
        {
            await engine.StartExec.RunAsync(exec, attach: null, call.Aborted);
            await call.StatusAsync(200);
            return;
        }

        await AttachAsync(call, exec);
    }

    // What can be refused beforehand gets a status code; once the connection is taken over, the runtime's complaint goes into the stream
    // and the exit code (126, 127) into the exec, where the client looks for it.
    private async Task AttachAsync(ApiCall call, Exec exec)
    {
        var multiplexed = !exec.Request.Tty;
        HijackedStream? stream = null;
        try
        {
            await engine.AttachExec.RunAsync(exec, TakeAsync, call.Aborted);
        }
        catch (Exception e) when (stream is not null || e is EngineException { Kind: ErrorKind.InvalidArgument })
        {
            // What it asks for is not there (its user): clients show no other answer to an upgrade than what the stream says.
            stream ??= await HijackedStream.TakeAsync(call, StreamType.Of(call.Version, multiplexed));
            await HijackedWork.TellAsync(stream, multiplexed ? StdStream.Stdout : null, e);
        }
        finally
        {
            await (stream?.DisposeAsync() ?? default);
        }

        async Task<AttachPeer> TakeAsync()
        {
            stream = await HijackedStream.TakeAsync(call, StreamType.Of(call.Version, multiplexed));
            if (!exec.Request.AttachStdin)
            {
                stream.IgnoreInput();
            }

            return new AttachPeer(exec.Request.AttachStdin ? stream : null, stream, multiplexed);
        }
    }

    private Task Resize(ApiCall call)
    {
        var exec = engine.Execs.Get(call.Name);
        engine.ResizeContainer.Run(exec, ContainerEndpoints.Size(call, "h"), ContainerEndpoints.Size(call, "w"));
        return call.StatusAsync(200);
    }
}
