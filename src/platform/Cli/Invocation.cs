using System.Text;
using Slipway.Cli.Options;
using Slipway.Cli.Streams;
using Slipway.Client;

namespace Slipway.Cli;

/// <summary>One run of a verb: what was typed, where the engine is, and the standard streams.</summary>
internal sealed class Invocation(string path, FlagValues flags, GlobalOptions globals, TimeProvider time) : IDisposable
{
    private EngineClient? _engine;
    private TextWriter? _out;
    private TextWriter? _error;

    /// <summary>The verb as typed, such as <c>image ls</c>.</summary>
    public string Path => path;

    public FlagValues Flags => flags;

    public IReadOnlyList<string> Arguments => flags.Arguments;

    public GlobalOptions Globals => globals;

    public TimeProvider Time => time;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Connected on the first request.</summary>
    public EngineClient Engine => _engine ??= new EngineClient(globals.Address()) { Patience = TimeSpan.FromMilliseconds(50) };

    /// <summary>Standard output as text; buffered, so flush before something else writes or waits.</summary>
    public TextWriter Out => _out ??= new StreamWriter(new StandardStream(Console.OpenStandardOutput()), new UTF8Encoding(false), 4096);

    public TextWriter Error => _error ??= new StreamWriter(new StandardStream(Console.OpenStandardError()), new UTF8Encoding(false), 256) { AutoFlush = true };

    /// <summary>
    /// Does something to every name; a failure is told and the others go on, as docker does.
    /// </summary>
    /// <returns>1 when something failed.</returns>
    public async Task<int> ForEachAsync(IEnumerable<string> names, Func<string, Task> action)
    {
        int exit = 0;
        foreach (string name in names)
        {
            try
            {
                await action(name);
                await Out.FlushAsync();
            }
            catch (EngineApiException e)
            {
                await Out.FlushAsync();
                await Error.WriteLineAsync("Error response from daemon: " + e.Message);
                exit = 1;
            }
        }

        return exit;
    }

    /// <summary>Asks before something irreversible; <c>--force</c> answers yes.</summary>
    public async Task<bool> ConfirmAsync(string warning)
    {
        if (flags.Bool("force"))
        {
            return true;
        }

        await Out.WriteAsync(warning + "\nAre you sure you want to continue? [y/N] ");
        await Out.FlushAsync();
        using StreamReader input = new(Console.OpenStandardInput());
        string? answer = await input.ReadLineAsync();
        return answer?.Trim() is "y" or "Y";
    }

    public void Dispose()
    {
        try
        {
            _out?.Flush();
        }
        catch (IOException)
        {
            // Nobody reads any more (a closed pipe).
        }

        _engine?.Dispose();
    }
}
