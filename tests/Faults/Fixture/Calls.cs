using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Slipway.Client;

namespace Slipway.Faults.Fixture;

/// <summary>Requests as JSON text: what is sent and what comes back is meant to be seen as it is.</summary>
internal static class Calls
{
    /// <summary>Sends a request and returns the JSON of its answer, or null for an empty one.</summary>
    internal static async Task<JsonNode?> CallAsync(this PrivateDaemon daemon, string method, string path, string json = "")
    {
        await using var response = await daemon.Api.RequestAsync(method, path, Encoding.UTF8.GetBytes(json));
        using var body = new MemoryStream();
        await response.Body.CopyToAsync(body);
        return body.Length == 0 ? null : JsonNode.Parse(body.ToArray());
    }

    /// <summary>Sends a request that must be refused; returns the refusal.</summary>
    internal static Task<EngineApiException> RefusedAsync(this PrivateDaemon daemon, string method, string path, string json = "") =>
        Assert.ThrowsAsync<EngineApiException>(() => daemon.CallAsync(method, path, json));

    /// <summary>What the engine says while it refuses: the error's message, or the error line of a stream. Empty when it does not refuse.</summary>
    internal static async Task<string> RefusalAsync(this Task<string> call)
    {
        try
        {
            var answer = await call;
            return answer.Contains("\"error\"", StringComparison.Ordinal) ? answer : "";
        }
        catch (EngineApiException e)
        {
            return e.Message;
        }
    }

    /// <summary>Loads an image; returns the answer's lines.</summary>
    internal static async Task<string> LoadAsync(this PrivateDaemon daemon, Stream archive)
    {
        await using var response = await daemon.Api.UploadAsync("POST", "/images/load", archive);
        using var reader = new StreamReader(response.Body);
        return await reader.ReadToEndAsync();
    }

    /// <summary>Creates a container from busybox that runs a shell line.</summary>
    /// <param name="daemon">The daemon.</param>
    /// <param name="script">Its <c>sh -c</c> line.</param>
    /// <param name="name">Its name, or null.</param>
    /// <param name="config">Further members of the request, such as <c>"Tty":true</c>.</param>
    /// <param name="host">Further members of HostConfig.</param>
    /// <returns>Its id.</returns>
    internal static async Task<string> CreateAsync(this PrivateDaemon daemon, string script, string? name = null, string config = "", string host = "")
    {
        var json = $$"""{"Image":"busybox","Cmd":["sh","-c","{{JsonEncodedText.Encode(script)}}"]{{Comma(config)}},"HostConfig":{"NetworkMode":"none"{{Comma(host)}} } }""";
        return (string)(await daemon.CallAsync("POST", "/containers/create" + (name is null ? "" : "?name=" + name), json))!["Id"]!;
    }

    /// <summary>Creates and starts a container.</summary>
    internal static async Task<string> RunAsync(this PrivateDaemon daemon, string script, string? name = null, string config = "", string host = "")
    {
        var id = await daemon.CreateAsync(script, name, config, host);
        await daemon.CallAsync("POST", $"/containers/{id}/start");
        return id;
    }

    /// <summary>Inspects a container.</summary>
    internal static async Task<JsonNode> InspectAsync(this PrivateDaemon daemon, string id) => (await daemon.CallAsync("GET", $"/containers/{id}/json"))!;

    /// <summary>A container's State.</summary>
    internal static async Task<JsonNode> StateAsync(this PrivateDaemon daemon, string id) => (await daemon.InspectAsync(id))["State"]!;

    /// <summary>Waits until a container has a status; a failure tells its state and what the daemon said last.</summary>
    internal static async Task StatusAsync(this PrivateDaemon daemon, string id, string status, double seconds = 15)
    {
        try
        {
            await Wait.UntilAsync($"{id[..Math.Min(12, id.Length)]} is {status}", async () => (string?)(await daemon.StateAsync(id))["Status"] == status, seconds);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}\n{(await daemon.StateAsync(id)).ToJsonString()}\n{string.Join('\n', daemon.Log.Split('\n').TakeLast(20))}", e);
        }
    }

    /// <summary>Waits for a container's end; returns its exit code.</summary>
    internal static async Task<int> ExitAsync(this PrivateDaemon daemon, string id) =>
        (int)(await daemon.CallAsync("POST", $"/containers/{id}/wait"))!["StatusCode"]!;

    /// <summary>Whether a container exists.</summary>
    internal static async Task<bool> ExistsAsync(this PrivateDaemon daemon, string id)
    {
        try
        {
            await daemon.InspectAsync(id);
            return true;
        }
        catch (EngineApiException e) when (e.StatusCode == 404)
        {
            return false;
        }
    }

    /// <summary>A container's standard output so far.</summary>
    internal static async Task<string> LogsAsync(this PrivateDaemon daemon, string id)
    {
        await using var stream = await daemon.Api.ContainerLogsAsync(id, new LogOptions());
        using var output = new MemoryStream();
        await new MultiplexedStream(stream).CopyToAsync(output, output);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    /// <summary>Runs a shell line in a running container; returns its output and exit code.</summary>
    internal static async Task<(int Code, string Output)> ExecAsync(this PrivateDaemon daemon, string id, string script)
    {
        var json = $$"""{"AttachStdout":true,"AttachStderr":true,"Cmd":["sh","-c","{{JsonEncodedText.Encode(script)}}"]}""";
        var exec = (string)(await daemon.CallAsync("POST", $"/containers/{id}/exec", json))!["Id"]!;
        using var output = new MemoryStream();
        await using (var stream = await daemon.Api.StartExecAsync(exec, new DockerApi.ExecStartRequest()))
        {
            await new MultiplexedStream(stream).CopyToAsync(output, output);
        }

        return ((int)(await daemon.CallAsync("GET", $"/exec/{exec}/json"))!["ExitCode"]!, Encoding.UTF8.GetString(output.ToArray()));
    }

    /// <summary>Removes a container, running or not.</summary>
    internal static Task RemoveAsync(this PrivateDaemon daemon, string id) => daemon.CallAsync("DELETE", $"/containers/{id}?force=1&v=1");

    /// <summary>All containers as the list shows them.</summary>
    internal static async Task<JsonArray> ListAsync(this PrivateDaemon daemon) => (JsonArray)(await daemon.CallAsync("GET", "/containers/json?all=1"))!;

    private static string Comma(string members) => members.Length == 0 ? "" : "," + members;
}
