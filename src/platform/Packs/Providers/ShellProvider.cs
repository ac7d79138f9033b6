namespace Slipway.Packs.Providers;

/// <summary>A script that starts something.</summary>
internal sealed class ShellProvider : Provider
{
    internal override string Name => "shell";

    internal override string? Detect(PackContext context) => context.Source.FirstFile(context.Setting("SHELL_SCRIPT") ?? "start.sh");

    internal override Draft Plan(PackContext context)
    {
        var script = context.Setting("SHELL_SCRIPT") ?? "start.sh";
        var first = (context.Source.Text(script) ?? "").Split('\n')[0];
        var interpreter = first.StartsWith("#!", StringComparison.Ordinal) ? first[2..].Trim() : "/bin/sh";
        return new Draft { Start = $"{interpreter} {script}", StartReason = script };
    }
}
