using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;
using Slipway.Client;

namespace Slipway.Cli.Verbs;

/// <summary><c>inspect</c> for anything and for each kind.</summary>
internal static class InspectVerbs
{
    private static readonly string[] s_kinds = ["container", "image", "network", "volume"];

    public static Verb Any() => new(
        "NAME|ID [NAME|ID...]",
        new FlagTable().Format('f').Bool("size", 's', "Show sizes of containers").String("type", "Only look for this kind of object"),
        call => RunAsync(call, Kinds(call.Flags)))
    { MinArguments = 1, Completes = Candidates.Objects };

    public static Verb Container() => new(
        "CONTAINER [CONTAINER...]", new FlagTable().Format('f').Bool("size", 's', "Show sizes"), call => RunAsync(call, ["container"]))
    { MinArguments = 1, Completes = Candidates.Containers };

    public static Verb Image() => new(
        "IMAGE [IMAGE...]",
        new FlagTable().Format('f').String("platform", "Inspect one platform (os[/arch[/variant]])"),
        call => RunAsync(call, ["image"]))
    { MinArguments = 1, Completes = Candidates.Images };

    public static Verb Volume() => new("VOLUME [VOLUME...]", new FlagTable().Format('f'), call => RunAsync(call, ["volume"]))
    { MinArguments = 1, Completes = Candidates.Volumes };

    public static Verb Network() => new(
        "NETWORK [NETWORK...]", new FlagTable().Format('f').Bool("verbose", 'v', "Show more for diagnosis"), call => RunAsync(call, ["network"]))
    { MinArguments = 1, Completes = Candidates.Networks };

    private static string[] Kinds(FlagValues flags)
    {
        string type = flags.String("type");
        return type.Length == 0
            ? flags.Has("type") ? throw new CommandException("type is empty: must be one of \"container\", \"image\", \"network\", \"volume\"") : s_kinds
            : s_kinds.Contains(type) ? [type] : throw new CommandException($"unknown type: \"{type}\": must be one of \"container\", \"image\", \"network\", \"volume\"");
    }

    private static async Task<int> RunAsync(Invocation call, string[] kinds)
    {
        string format = call.Flags.String("format");
        Template? template = format.Length == 0 ? null : Listing.Parse(format == "json" ? "{{json .}}" : format);
        JsonArray found = [];
        List<string> errors = [];
        foreach (string name in call.Arguments)
        {
            try
            {
                JsonNode? item = await FindAsync(call, kinds, name);
                if (template is null)
                {
                    found.Add(item);
                }
                else
                {
                    await call.Out.WriteLineAsync(template.Execute(item));
                }
            }
            catch (EngineApiException e)
            {
                errors.Add("Error response from daemon: " + e.Message);
            }
            catch (Exception e) when (e is CommandException or TemplateException)
            {
                errors.Add(e.Message);
            }
        }

        if (template is null)
        {
            await call.Out.WriteLineAsync(Json.Indented(found));
        }
        else if (errors.Count > 0)
        {
            // Scripts that capture the output of a failed inspection expect at least a line.
            await call.Out.WriteLineAsync();
        }

        await call.Out.FlushAsync();
        foreach (string error in errors)
        {
            await call.Error.WriteLineAsync(error);
        }

        return errors.Count > 0 ? 1 : 0;
    }

    private static async Task<JsonNode?> FindAsync(Invocation call, string[] kinds, string name)
    {
        foreach (string kind in kinds)
        {
            try
            {
                return await call.Engine.GetAsync(Path(call.Flags, kind, name));
            }
            catch (EngineApiException e) when (e.StatusCode == 404 && kinds.Length > 1)
            {
                // Another kind may have an object of that name.
            }
        }

        throw new CommandException($"Error: No such object: {name}");
    }

    private static ApiPath Path(FlagValues flags, string kind, string name) => kind switch
    {
        "container" => ApiPath.Of("/containers/", name, "/json").With("size", flags.Bool("size")),
        "image" => ApiPath.Of("/images/", name, "/json").With("platform", PlatformJson.Of(flags.String("platform"))),
        "volume" => ApiPath.Of("/volumes/", name),
        _ => ApiPath.Of("/networks/", name).With("verbose", flags.Bool("verbose")),
    };
}
