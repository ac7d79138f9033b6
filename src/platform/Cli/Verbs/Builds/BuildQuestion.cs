using Slipway.BuildClient;
using Slipway.Cli.Output;

namespace Slipway.Cli.Verbs.Builds;

/// <summary><c>build --call</c>: answers a question about the Dockerfile, as a table or (<c>,format=json</c>) as JSON.</summary>
internal static class BuildQuestion
{
    /// <exception cref="CommandException">There is no such question, or no answer.</exception>
    public static async Task<int> AskAsync(Invocation call, BuildOrder order, string question)
    {
        string[] parts = question.Split(',');
        string name = parts[0] switch
        {
            "check" or "lint" => "frontend.lint",
            "outline" or "targets" => "frontend." + parts[0],
            var other => throw new CommandException($"unknown call {other}: must be check, outline or targets"),
        };
        IReadOnlyDictionary<string, string> answer;
        try
        {
            answer = await new BuildRun(call.Engine).AskAsync(order, name);
        }
        catch (BuildFailedException e)
        {
            throw new CommandException("ERROR: " + e.Message);
        }

        bool json = parts.Contains("format=json");
        string text = answer.GetValueOrDefault(json ? "result.json" : "result.txt") ?? "";
        await call.Out.WriteAsync(json || name == "frontend.lint" ? text : Aligned(text));
        return answer.GetValueOrDefault("result.statuscode") is null or "0" ? 0 : 1;
    }

    // Tables with an empty line between them.
    private static string Aligned(string text) => string.Join('\n', text.Split("\n\n").Select(table => Table.Align([.. table.TrimEnd('\n').Split('\n')])));
}
