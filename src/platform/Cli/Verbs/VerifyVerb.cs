using Slipway.Cli.Options;
using Slipway.Cli.Registry;

namespace Slipway.Cli.Verbs;

/// <summary><c>verify</c>: is an image signed by somebody whose key we have?</summary>
internal static class VerifyVerb
{
    public static Verb Verify() => new(
        "IMAGE",
        new FlagTable().List("key", "File with a public key (PEM, ECDSA P-256); one of several is enough").List("annotation", 'a', "What the signature must say too, key=value")
            .Bool("insecure", "Take any certificate, or none").Bool("quiet", 'q', "Only print the name with its digest"),
        RunAsync)
    {
        MinArguments = 1,
        MaxArguments = 1,
        Details = "IMAGE is a NAME at a registry (without a host: the engine's own), oci:DIRECTORY[:TAG] or archive:FILE[:TAG].\nPrints the name with the digest that was signed: use that, since a tag may move. Exits with 1 unless a key fits.",
    };

    private static async Task<int> RunAsync(Invocation call)
    {
        IReadOnlyList<string> files = call.Flags.List("key");
        if (files.Count == 0)
        {
            throw new UsageException("'slipway verify' needs --key FILE", 1);
        }

        string image = call.Arguments[0];
        using ImageLocation locations = new(call);
        await using ImagePlace place = await locations.OpenAsync(image, write: false);
        Document found = await place.FindAsync("") ?? throw new CommandException($"{image} is not there");
        IReadOnlyList<CosignSignature> signatures = await new CosignSignatures(place).FindAsync(found.Digest);
        foreach (string file in files)
        {
            using SigningKey key = SigningKey.Read(file);
            if (signatures.FirstOrDefault(signature => Speaks(signature, found, call.Flags.List("annotation")) && key.Verifies(signature)) is { } good)
            {
                await PrintAsync(call, image, found, file, good);
                return 0;
            }
        }

        throw new CommandException(signatures.Count == 0 ? $"{image} ({found.Digest}) has no signatures" : $"none of the {signatures.Count} signatures of {image} ({found.Digest}) fits");
    }

    private static bool Speaks(CosignSignature signature, Document image, IReadOnlyList<string> annotations) =>
        signature.Subject == image.Digest.ToString() && annotations.All(pair => pair.Split('=', 2) is [var key, var value] && signature.Annotations.GetValueOrDefault(key) == value);

    private static async Task PrintAsync(Invocation call, string image, Document found, string key, CosignSignature signature)
    {
        bool isFile = image.StartsWith("oci:", StringComparison.Ordinal) || image.StartsWith("archive:", StringComparison.Ordinal) || image.StartsWith("oci-archive:", StringComparison.Ordinal);
        if (isFile)
        {
            await call.Out.WriteLineAsync(found.Digest.ToString());
        }
        else
        {
            (string host, string repository, _) = ImageLocation.Name(image.StartsWith("docker://", StringComparison.Ordinal) ? image[9..] : image);
            await call.Out.WriteLineAsync($"{(host.Length > 0 ? host + "/" : "")}{repository}@{found.Digest}");
        }

        if (!call.Flags.Bool("quiet"))
        {
            string said = string.Join(", ", signature.Annotations.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}"));
            await call.Error.WriteLineAsync($"signed with {key}{(said.Length > 0 ? ": " + said : "")}");
        }
    }
}
