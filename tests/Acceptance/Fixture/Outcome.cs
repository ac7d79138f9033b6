namespace Slipway.Acceptance.Fixture;

/// <summary>What a client's command did.</summary>
/// <param name="Command">The command line, for messages.</param>
/// <param name="Code">Exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
public sealed record Outcome(string Command, int Code, string Output, string Error)
{
    /// <summary>Asserts success; returns the output without surrounding white space.</summary>
    public string Ok() => Exits(0);

    /// <summary>Asserts an exit code; returns the output without surrounding white space.</summary>
    public string Exits(int code)
    {
        Assert.True(Code == code, $"{Command}\nexit code {Code}, expected {code}\nstdout: {Output}\nstderr: {Error}");
        return Output.Trim();
    }

    /// <summary>Asserts an exit code and a text that standard error contains.</summary>
    public void Fails(string message, int code = 1)
    {
        Exits(code);
        Assert.Contains(message, Error, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Asserts success; returns the output's lines.</summary>
    public string[] Lines() => Ok().Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
