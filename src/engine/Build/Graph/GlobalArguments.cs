using System.Globalization;
using Slipway.Build.Dockerfile;

namespace Slipway.Build.Graph;

/// <summary>Reads the <c>ARG</c> instructions before the first stage.</summary>
internal static class GlobalArguments
{
    internal static void Read(GraphContext context)
    {
        var predefined = PlatformArguments.For(context.Options);
        LintDefaults(context, predefined);
        context.Globals = Apply(context, predefined, context.Options.BuildArgs);
        context.Epoch = Epoch(context);
    }

    private static Variables Apply(GraphContext context, Variables variables, IReadOnlyDictionary<string, string?> given)
    {
        for (var i = 0; i < context.File.GlobalArguments; i++)
        {
            var instruction = (PairsInstruction)context.File.Read(i);
            foreach (var pair in instruction.Pairs)
            {
                context.DeclaredGlobals.Add(pair.Key);
                var value = given.TryGetValue(pair.Key, out var argument)
                    ? argument
                    : pair.Value is null ? null : context.At(instruction.Span, () => context.Expander.Expand(pair.Value, variables.Get).Text);
                variables = value is null ? variables : variables.Set(pair.Key, value);
            }
        }

        return variables;
    }

    // Base images must be valid names also when no build argument is given.
    private static void LintDefaults(GraphContext context, Variables predefined)
    {
        try
        {
            var defaults = Apply(context, predefined, new Dictionary<string, string?>());
            foreach (var stage in context.File.Stages)
            {
                var name = context.Expander.Expand(stage.From.Base, defaults.Get).Text;
                if (!Oci.Reference.TryParse(name, out _, out _) && context.Options.FindId(name) is null)
                {
                    context.Lint.Report(
                        LintRule.InvalidDefaultArgInFrom, stage.From.Span,
                        $"Default value for ARG {stage.From.Base} results in empty or invalid base image name", stage.From.Check);
                }
            }
        }
        catch (Exception error) when (error is DockerfileException or SyntaxFault)
        {
            // Without arguments it may fail; with them it is tried again and reported.
        }
    }

    private static long? Epoch(GraphContext context)
    {
        var text = context.Options.BuildArgs.GetValueOrDefault("SOURCE_DATE_EPOCH") ?? context.Globals.Get("SOURCE_DATE_EPOCH");
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        // The largest time that RFC 3339 can say.
        const long last = 253_402_300_799;
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and <= last
            ? seconds
            : throw context.File.Locate(
                new SyntaxFault($"invalid SOURCE_DATE_EPOCH: {text}", FaultNumber.Value), SourceSpan.Lines(1, 1));
    }
}
