using Slipway.Cli.Options;
using Slipway.Cli.Registry;
using Slipway.Oci;

namespace Slipway.Cli.Verbs;

/// <summary><c>copy</c>: images between registries, layouts and archives.</summary>
internal static class ImageCopyVerb
{
    public static Verb Copy() => new(
        "SOURCE DESTINATION",
        new FlagTable().Bool("insecure", "Take any certificate, or none").Bool("quiet", 'q', "Only print the digest"),
        async call =>
        {
            using ImageLocation locations = new(call);
            await using ImagePlace source = await locations.OpenAsync(call.Arguments[0], write: false);
            await using ImagePlace target = await locations.OpenAsync(call.Arguments[1], write: true);
            Digest digest = await new ImageCopy(source, target, line =>
            {
                if (!call.Flags.Bool("quiet"))
                {
                    call.Error.WriteLine(line);
                }
            }).RunAsync();
            await call.Out.WriteLineAsync(digest.ToString());
            return 0;
        })
    {
        MinArguments = 2,
        MaxArguments = 2,
        Details = "Both are NAME (at a registry; without a host at the engine's own), oci:DIRECTORY[:TAG] or archive:FILE[:TAG].\nAll platforms, signatures and attestations are copied, and digests stay what they are.",
    };
}
