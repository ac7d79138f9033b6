using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>
/// Whole rulesets in the language of nft(8), through libnftables and without a process. One call is one transaction. It reads what is there
/// first and so takes milliseconds: for entries of sets and maps there is <see cref="NftSession"/>. Usable from any thread; calls of the
/// whole process take turns because the library has global state.
/// </summary>
public sealed class NftLanguage : IDisposable
{
    private static readonly Lock Turn = new();
    private nint context;

    private NftLanguage(nint context) => this.context = context;

    /// <summary>For the namespace of the calling thread.</summary>
    /// <exception cref="NotSupportedException">libnftables is not installed.</exception>
    public static NftLanguage Open() => NativeLibraries.Call(NftablesCalls.Library, () =>
    {
        lock (Turn)
        {
            var context = NftablesCalls.Create(0);
            if (context == 0 || NftablesCalls.BufferOutput(context) != 0 || NftablesCalls.BufferError(context) != 0)
            {
                throw new LinuxException("nft_ctx_new", null, Errno.NoMemory);
            }

            return new NftLanguage(context);
        }
    });

    /// <summary>For that namespace.</summary>
    public static NftLanguage OpenIn(SafeFileHandle netns) => NetworkNamespace.RunIn(netns, Open);

    /// <summary>Runs commands ("add table ...; add chain ...", or a ruleset with braces) as one transaction: all of it or nothing.</summary>
    /// <exception cref="LinuxException">The commands are wrong or were refused (EINVAL); the message has the first line of the explanation.</exception>
    public void Apply(string commands) => Run(commands, 0);

    /// <summary>A table with chains, rules, sets and maps as JSON (libnftables-json(5)); null when it is not there.</summary>
    public JsonDocument? ListTable(NftFamily family, string table)
    {
        var text = Run($"list table {Word(family)} {table}", NftablesCalls.JsonOutput, missingIsEmpty: true);
        return text.Length == 0 ? null : JsonDocument.Parse(text);
    }

    /// <summary>Ends the context.</summary>
    public void Dispose()
    {
        lock (Turn)
        {
            if (context != 0)
            {
                NftablesCalls.Free(context);
                context = 0;
            }
        }
    }

    private static string Word(NftFamily family) => family switch
    {
        NftFamily.Inet => "inet",
        NftFamily.Ip => "ip",
        NftFamily.Ip6 => "ip6",
        NftFamily.Bridge => "bridge",
        NftFamily.Netdev => "netdev",
        _ => throw new ArgumentOutOfRangeException(nameof(family)),
    };

    private string Run(string commands, uint output, bool missingIsEmpty = false)
    {
        lock (Turn)
        {
            ObjectDisposedException.ThrowIf(context == 0, this);
            NftablesCalls.SetOutput(context, output);
            var code = NftablesCalls.Run(context, Encoding.UTF8.GetBytes(commands + '\0'));
            var text = Marshal.PtrToStringUTF8(NftablesCalls.Output(context)) ?? "";
            var error = Marshal.PtrToStringUTF8(NftablesCalls.Error(context)) ?? "";
            if (code == 0)
            {
                return text;
            }

            var missing = error.Contains("No such file or directory", StringComparison.Ordinal);
            return missing && missingIsEmpty
                ? ""
                : throw new LinuxException("nft", null, missing ? Errno.NoEntry : Errno.Invalid, FirstLine(error));
        }
    }

    private static string FirstLine(string error)
    {
        var line = error.AsSpan().Trim();
        line = line[..(line.IndexOf('\n') is var end and >= 0 ? end : line.Length)];
        return line.ToString();
    }
}
