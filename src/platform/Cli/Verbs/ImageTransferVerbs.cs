using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Client;
using Slipway.Terminal;

namespace Slipway.Cli.Verbs;

/// <summary><c>load</c>, <c>save</c>, <c>import</c>, <c>export</c> and <c>commit</c>.</summary>
internal static class ImageTransferVerbs
{
    public static Verb Load() => new(
        "",
        new FlagTable().String("input", 'i', "Read from a file instead of STDIN").String("platform", "Only load one platform (os[/arch[/variant]])")
            .Bool("quiet", 'q', "Do not show progress"),
        async call =>
        {
            string file = call.Flags.String("input");
            if (file.Length == 0 && TerminalDevice.IsTerminal(0))
            {
                throw new CommandException("requested load from stdin, but stdin is empty");
            }

            bool quiet = call.Flags.Bool("quiet") || !ProgressDisplay.IsTerminal(1);
            await using Stream source = file.Length > 0 ? OpenInput(file) : Console.OpenStandardInput();
            await LoadAsync(call, source, quiet, call.Flags.String("platform"));
            return 0;
        })
    { MaxArguments = 0, Completes = Candidates.Files };

    /// <summary>Sends an archive and shows what the engine makes of it.</summary>
    public static async Task LoadAsync(Invocation call, Stream source, bool quiet, string platform = "")
    {
        ApiPath path = ApiPath.Of("/images/load").With("quiet", quiet).With("platform", PlatformJson.Of(platform));
        await using EngineResponse response = await call.Engine.UploadAsync("POST", path.ToString(), source);
        await ProgressDisplay.ShowAsync(response.Body, call.Out, ProgressDisplay.IsTerminal(1));
    }

    public static Verb Save() => new(
        "IMAGE [IMAGE...]",
        new FlagTable().String("output", 'o', "Write to a file instead of STDOUT").String("platform", "Only save one platform (os[/arch[/variant]])"),
        async call =>
        {
            CheckOutput(call.Flags.String("output"), "save");
            await using Stream tar = await call.Engine.OpenAsync(
                ApiPath.Of("/images/get").With("names", call.Arguments).With("platform", PlatformJson.Of(call.Flags.String("platform"))));
            await WriteAsync(tar, call.Flags.String("output"));
            return 0;
        })
    { MinArguments = 1, Completes = Candidates.Images };

    public static Verb Export() => new(
        "CONTAINER",
        new FlagTable().String("output", 'o', "Write to a file instead of STDOUT"),
        async call =>
        {
            CheckOutput(call.Flags.String("output"), "export");
            await using Stream tar = await call.Engine.ExportContainerAsync(call.Arguments[0]);
            await WriteAsync(tar, call.Flags.String("output"));
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1, Completes = Candidates.Containers };

    public static Verb Import() => new(
        "file|URL|- [REPOSITORY[:TAG]]",
        new FlagTable().List("change", 'c', "Apply a Dockerfile instruction to the image").String("message", 'm', "Message of the image's history")
            .String("platform", "Platform of the image (os/arch[/variant])"),
        ImportAsync)
    { MinArguments = 1, MaxArguments = 2, Completes = Candidates.Files };

    private static async Task<int> ImportAsync(Invocation call)
    {
        string source = call.Arguments[0];
        bool url = source.StartsWith("http://", StringComparison.Ordinal) || source.StartsWith("https://", StringComparison.Ordinal);
        (string repository, string tag) = call.Arguments.Count > 1 ? ImageName.Split(call.Arguments[1]) : ("", "");
        ApiPath path = ApiPath.Of("/images/create").With("fromSrc", url ? source : "-").With("repo", repository).With("tag", tag)
            .With("message", call.Flags.String("message")).With("platform", call.Flags.String("platform")).With("changes", call.Flags.List("change"));
        await using Stream tar = url ? Stream.Null : source == "-" ? Console.OpenStandardInput() : OpenInput(source);
        await using EngineResponse response = await call.Engine.UploadAsync("POST", path.ToString(), tar);
        await ProgressDisplay.ShowAsync(response.Body, call.Out, ProgressDisplay.IsTerminal(1));
        return 0;
    }

    public static Verb Commit() => new(
        "CONTAINER [REPOSITORY[:TAG]]",
        new FlagTable().String("author", 'a', "Author of the image").List("change", 'c', "Apply a Dockerfile instruction to the image")
            .String("message", 'm', "Message of the image's history").Bool("pause", 'p', "Pause the container meanwhile", value: true),
        async call =>
        {
            (string repository, string tag) = call.Arguments.Count > 1 ? ImageName.Split(call.Arguments[1]) : ("", "");
            JsonNode? made = await call.Engine.PostAsync(
                ApiPath.Of("/commit").With("container", call.Arguments[0]).With("repo", repository).With("tag", tag)
                    .With("comment", call.Flags.String("message")).With("author", call.Flags.String("author"))
                    .With("changes", call.Flags.List("change")).With("pause", call.Flags.Bool("pause") ? "1" : "0"),
                new JsonObject());
            await call.Out.WriteLineAsync(made.Text("Id"));
            return 0;
        })
    { MinArguments = 1, MaxArguments = 2, Completes = Candidates.Containers };

    private static FileStream OpenInput(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1);

    private static void CheckOutput(string file, string verb)
    {
        if (file.Length == 0 && TerminalDevice.IsTerminal(1))
        {
            throw new CommandException($"cowardly refusing to {verb} to a terminal. Use the -o flag or redirect");
        }
    }

    /// <summary>Writes beside the file first, so that a broken transfer leaves no half of an archive under its name.</summary>
    private static async Task WriteAsync(Stream tar, string file)
    {
        if (file.Length == 0 || File.Exists(file) && (File.GetAttributes(file) & FileAttributes.Device) != 0)
        {
            await using Stream output = file.Length == 0 ? Console.OpenStandardOutput() : new FileStream(file, FileMode.Open, FileAccess.Write);
            await tar.CopyToAsync(output, 128 * 1024);
            return;
        }

        string partial = file + ".partial";
        try
        {
            await using (FileStream output = new(partial, FileMode.Create, FileAccess.Write, FileShare.None, 1))
            {
                await tar.CopyToAsync(output, 128 * 1024);
            }

            File.Move(partial, file, overwrite: true);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }
}
