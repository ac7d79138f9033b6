using System.Diagnostics;

namespace Slipway.Faults.Fixture;

/// <summary>Programs of the host that prepare and clean up: mkfs, mount, losetup.</summary>
internal static class Tool
{
    /// <summary>Runs one to its end and returns its standard output.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    internal static string Run(string file, params IReadOnlyList<string> arguments)
    {
        var (code, output, error) = Try(file, arguments);
        return code == 0 ? output : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)}: {error}");
    }

    /// <summary>Runs one to its end, whatever it says.</summary>
    internal static (int Code, string Output, string Error) Try(string file, params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
