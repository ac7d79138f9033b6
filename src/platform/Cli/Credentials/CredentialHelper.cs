using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Slipway.Cli.Output;

namespace Slipway.Cli.Credentials;

/// <summary>A program <c>docker-credential-NAME</c> that keeps credentials (docker/docker-credential-helpers: get, store, erase).</summary>
internal sealed class CredentialHelper(string name)
{
    private const string TokenUser = "<token>";

    /// <summary>Credentials in the engine's shape, or null when the helper has none.</summary>
    public JsonObject? Get(string server)
    {
        (bool done, string output) = Run("get", server);
        if (!done)
        {
            return null;
        }

        JsonNode? answer = Parse(output);
        string user = answer.Text("Username");
        string secret = answer.Text("Secret");
        return user == TokenUser
            ? new JsonObject { ["serveraddress"] = server, ["identitytoken"] = secret }
            : new JsonObject { ["serveraddress"] = server, ["username"] = user, ["password"] = secret };
    }

    /// <exception cref="CommandException">It does not keep them.</exception>
    public void Store(string server, string user, string password)
    {
        (bool done, string output) = Run("store", new JsonObject { ["ServerURL"] = server, ["Username"] = user, ["Secret"] = password }.ToJsonString());
        if (!done)
        {
            throw new CommandException($"Error saving credentials: error storing credentials - err: {output}");
        }
    }

    public bool Erase(string server) => Run("erase", server).Done;

    private JsonNode? Parse(string output)
    {
        try
        {
            return JsonNode.Parse(output);
        }
        catch (JsonException e)
        {
            throw new CommandException($"docker-credential-{name}: {e.Message}");
        }
    }

    private (bool Done, string Output) Run(string action, string input)
    {
        if (name.AsSpan().ContainsAny('/', '\0'))
        {
            throw new CommandException($"\"{name}\" is no name of a credential helper");
        }

        ProcessStartInfo start = new($"docker-credential-{name}") { RedirectStandardInput = true, RedirectStandardOutput = true };
        start.ArgumentList.Add(action);
        try
        {
            using Process process = Process.Start(start)!;
            process.StandardInput.Write(input);
            process.StandardInput.Close();
            string output = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return (process.ExitCode == 0, output);
        }
        catch (Win32Exception e)
        {
            throw new CommandException($"error getting credentials - err: exec: \"docker-credential-{name}\": {e.Message}");
        }
    }
}
