using Slipway.Cli.Bootstrap;
using Slipway.Cli.Options;

namespace Slipway.Cli.Verbs;

/// <summary><c>image bootstrap</c>: base images without a registry.</summary>
internal static class BootstrapVerb
{
    public static Verb Bootstrap() => new(
        "busybox|debian[:SUITE]|" + string.Join('|', ImageRecipe.Names) + "[:SUITE]",
        new FlagTable().List("tag", 't', "Name of the image (name:tag), instead of the usual ones").String("output", 'o', "Write the archive to a file instead of loading it")
            .String("mirror", "Debian mirror to use, instead of this machine's or the usual one").Bool("quiet", 'q', "Do not show progress"),
        RunAsync)
    {
        MinArguments = 1,
        MaxArguments = 1,
        Details = "busybox comes from this machine's busybox-static, debian is made by mmdebstrap.\n"
            + "The same input gives the same image; SOURCE_DATE_EPOCH sets its date.\n"
            + "The others are built by the engine on top of debian, from its packages.",
    };

    private static async Task<int> RunAsync(Invocation call)
    {
        string[] parts = call.Arguments[0].Split(':', 2);
        TextWriter? progress = call.Flags.Bool("quiet") ? null : call.Error;
        string suite = parts.Length > 1 ? parts[1] : DebianImage.UsualSuite;
        if (ImageRecipe.Names.Contains(parts[0]))
        {
            return await BuildAsync(call, new ImageRecipe(parts[0], suite), new DebianImage(suite, call.Flags.StringOrNull("mirror"), progress), progress);
        }

        BaseImage image = parts[0] switch
        {
            "busybox" when parts.Length == 1 => new BusyboxImage(progress),
            "debian" => new DebianImage(suite, call.Flags.StringOrNull("mirror"), progress),
            _ => throw new CommandException($"unknown base image \"{call.Arguments[0]}\": must be busybox, debian[:SUITE], {string.Join(", ", ImageRecipe.Names)}"),
        };

        IReadOnlyList<string> tags = call.Flags.Has("tag") ? [.. call.Flags.List("tag").Select(ImageName.WithTag)] : image.Tags;
        await using ImageArchive archive = await image.MakeAsync(tags);
        await DeliverAsync(call, archive);
        return 0;
    }

    private static async Task<int> BuildAsync(Invocation call, ImageRecipe recipe, DebianImage debian, TextWriter? progress)
    {
        if (call.Flags.Has("output"))
        {
            throw new CommandException("--output is for busybox and debian; save the image instead");
        }

        if (await recipe.LacksBaseAsync(call))
        {
            await using ImageArchive archive = await debian.MakeAsync(debian.Tags);
            await using Stream source = archive.OpenRead();
            await ImageTransferVerbs.LoadAsync(call, source, quiet: true);
        }

        IReadOnlyList<string> tags = call.Flags.Has("tag") ? [.. call.Flags.List("tag").Select(ImageName.WithTag)] : [recipe.Tag];
        await call.Out.WriteLineAsync(await recipe.BuildAsync(call, tags, progress));
        return 0;
    }

    private static async Task DeliverAsync(Invocation call, ImageArchive archive)
    {
        if (call.Flags.StringOrNull("output") is { } file)
        {
            await using FileStream output = new(file, FileMode.Create, FileAccess.Write);
            await archive.CopyToAsync(output);
        }
        else
        {
            await using Stream source = archive.OpenRead();
            await ImageTransferVerbs.LoadAsync(call, source, quiet: true);
        }

        await call.Out.WriteLineAsync(archive.ImageId);
    }
}
