using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;

namespace Slipway.Linux;

/// <summary>A condition on an argument of a system call.</summary>
/// <param name="Argument">Which argument, from 0.</param>
/// <param name="Operator">As <c>SCMP_CMP_…</c> without the prefix: NE, LT, LE, EQ, GE, GT, MASKED_EQ.</param>
/// <param name="A">What it is compared with; the mask for MASKED_EQ.</param>
/// <param name="B">For MASKED_EQ, what it is compared with.</param>
public readonly record struct SeccompCondition(uint Argument, string Operator, ulong A, ulong B);

/// <summary>
/// A filter of system calls being built, and compiled by libseccomp into the program that the kernel runs (seccomp(2), an array of
/// <c>struct sock_filter</c>).
/// </summary>
public sealed class SeccompCompiler : IDisposable
{
    private const int AlreadyThere = -17;
    private const int SameAsDefault = -13;
    private static readonly string[] Operators = ["", "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"];

    private readonly nint _filter;

    /// <summary>A filter without rules for this processor.</summary>
    /// <param name="defaultAction">What happens to calls without a rule, see <see cref="Action"/>.</param>
    /// <exception cref="NotSupportedException">libseccomp is not installed.</exception>
    public SeccompCompiler(uint defaultAction)
    {
        _filter = NativeLibraries.Call(SeccompCalls.Library, () => SeccompCalls.Create(defaultAction));
        if (_filter == 0)
        {
            throw new ArgumentException("not an action that a filter can have by default", nameof(defaultAction));
        }
    }

    /// <summary>The number of an action named in OCI's way; null for one that a compiled program cannot carry out alone.</summary>
    /// <param name="name"><c>SCMP_ACT_…</c>.</param>
    /// <param name="value">errno of SCMP_ACT_ERRNO, message of SCMP_ACT_TRACE.</param>
    public static uint? Action(string name, uint value) => name switch
    {
        "SCMP_ACT_KILL" or "SCMP_ACT_KILL_THREAD" => 0,
        "SCMP_ACT_KILL_PROCESS" => 0x8000_0000,
        "SCMP_ACT_TRAP" => 0x0003_0000,
        "SCMP_ACT_ERRNO" => 0x0005_0000 | (value & 0xffff),
        "SCMP_ACT_TRACE" => 0x7ff0_0000 | (value & 0xffff),
        "SCMP_ACT_LOG" => 0x7ffc_0000,
        "SCMP_ACT_ALLOW" => 0x7fff_0000,
        _ => null,
    };

    /// <summary>Lets the filter judge calls of a further ABI, such as <c>x86</c> beside <c>x86_64</c>. Others than these are killed.</summary>
    public void AddArchitecture(string name)
    {
        var architecture = SeccompCalls.ResolveArchitecture(name);
        if (architecture == 0)
        {
            throw new ArgumentException($"unknown architecture \"{name}\"", nameof(name));
        }

        Check(SeccompCalls.AddArchitecture(_filter, architecture), AlreadyThere, "seccomp_arch_add");
    }

    /// <summary>Adds a rule for a call under conditions that must all hold. A call that this processor does not have is left out.</summary>
    public void AddRule(uint action, string call, IReadOnlyList<SeccompCondition> conditions)
    {
        var number = SeccompCalls.ResolveCall(call);
        if (number == SeccompCalls.UnknownName)
        {
            return;
        }

        var comparisons = conditions.Select(Comparison).ToArray();
        Check(SeccompCalls.AddRule(_filter, action, number, (uint)comparisons.Length, comparisons), SameAsDefault, "seccomp_rule_add_array");
    }

    /// <summary>The program.</summary>
    public byte[] Compile()
    {
        using var memory = Descriptors.Own(FileCalls.CreateMemoryFile("seccomp", 1), "memfd_create", "seccomp");
        Check(SeccompCalls.Export(_filter, (int)memory.DangerousGetHandle()), 0, "seccomp_export_bpf");
        return Read(memory);
    }

    /// <inheritdoc/>
    public void Dispose() => SeccompCalls.Release(_filter);

    private static byte[] Read(SafeFileHandle memory)
    {
        var program = new byte[RandomAccess.GetLength(memory)];
        for (var done = 0; done < program.Length;)
        {
            done += RandomAccess.Read(memory, program.AsSpan(done), done);
        }

        return program;
    }

    private static SeccompCalls.Comparison Comparison(SeccompCondition condition) => new()
    {
        Argument = condition.Argument,
        Operator = Array.IndexOf(Operators, condition.Operator) is > 0 and var number ? number : throw new ArgumentException($"unknown operator \"{condition.Operator}\"", nameof(condition)),
        A = condition.A,
        B = condition.B,
    };

    private static void Check(int result, int tolerated, string call)
    {
        if (result < 0 && result != tolerated)
        {
            throw new LinuxException(call, null, -result);
        }
    }
}
