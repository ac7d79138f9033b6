using System.Text.Json.Nodes;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs;

/// <summary>Verbs that remove what nothing uses.</summary>
internal static class PruneVerbs
{
    public static Verb Containers() => Simple(
        Flags(), "/containers/prune", "WARNING! This will remove all stopped containers.", "Deleted Containers:", "ContainersDeleted");

    public static Verb Networks() => Simple(
        Flags(), "/networks/prune", "WARNING! This will remove all custom networks not used by at least one container.", "Deleted Networks:", "NetworksDeleted");

    public static Verb Volumes() => new(
        "",
        Flags().Bool("all", 'a', "Remove named volumes too"),
        async call =>
        {
            bool all = call.Flags.Bool("all");
            string which = all ? "all local volumes" : "anonymous local volumes";
            if (!await call.ConfirmAsync($"WARNING! This will remove {which} not used by at least one container."))
            {
                return Declined(call, "volume");
            }

            List<string> filters = [.. call.Flags.List("filter"), .. all ? (string[])["all=true"] : []];
            await ReportAsync(call, "/volumes/prune", filters, "Deleted Volumes:", "VolumesDeleted", total: true);
            return 0;
        })
    { MaxArguments = 0 };

    public static Verb Images() => new(
        "",
        Flags().Bool("all", 'a', "Remove all unused images, not just those without a name"),
        async call =>
        {
            string which = call.Flags.Bool("all") ? "all images without at least one container associated to them" : "all dangling images";
            if (!await call.ConfirmAsync($"WARNING! This will remove {which}."))
            {
                return Declined(call, "image");
            }

            await ReportAsync(call, "/images/prune", ImageFilters(call), "Deleted Images:", "ImagesDeleted", total: true);
            return 0;
        })
    { MaxArguments = 0 };

    public static Verb BuildCache() => new(
        "",
        Flags().Bool("all", 'a', "Remove all unused cache, not just what nothing points at").Bytes("keep-storage", "Amount of disk to keep"),
        async call =>
        {
            if (!await call.ConfirmAsync(call.Flags.Bool("all") ? "WARNING! This will remove all build cache." : "WARNING! This will remove all dangling build cache."))
            {
                return Declined(call, "builder");
            }

            JsonNode? answer = await call.Engine.PostAsync(ApiPath.Of("/build/prune").With("all", call.Flags.Bool("all"))
                .With("keep-storage", call.Flags.Has("keep-storage") ? call.Flags.Bytes("keep-storage") : null).Filters(call.Flags.List("filter")));
            await call.Out.WriteLineAsync("Total reclaimed space: " + Units.Size(answer.Long("SpaceReclaimed"), 4));
            return 0;
        })
    { MaxArguments = 0 };

    public static Verb Everything() => new(
        "",
        Flags().Bool("all", 'a', "Remove all unused images, not just those without a name").Bool("volumes", "Remove anonymous volumes too"),
        async call => await call.ConfirmAsync(Warning(call.Flags)) ? await EverythingAsync(call) : Declined(call, "system"))
    { MaxArguments = 0 };

    private static string Warning(FlagValues flags) =>
        "WARNING! This will remove:\n  - all stopped containers\n  - all networks not used by at least one container\n"
        + (flags.Bool("volumes") ? "  - all anonymous volumes not used by at least one container\n" : "")
        + (flags.Bool("all") ? "  - all images without at least one container associated to them\n  - all build cache\n"
            : "  - all dangling images\n  - unused build cache\n");

    private static async Task<int> EverythingAsync(Invocation call)
    {
        IReadOnlyList<string> filters = call.Flags.List("filter");
        long freed = await ReportAsync(call, "/containers/prune", filters, "Deleted Containers:", "ContainersDeleted", total: false);
        await ReportAsync(call, "/networks/prune", filters, "Deleted Networks:", "NetworksDeleted", total: false);
        if (call.Flags.Bool("volumes"))
        {
            freed += await ReportAsync(call, "/volumes/prune", filters, "Deleted Volumes:", "VolumesDeleted", total: false);
        }

        freed += await ReportAsync(call, "/images/prune", ImageFilters(call), "Deleted Images:", "ImagesDeleted", total: false);
        try
        {
            JsonNode? cache = await call.Engine.PostAsync(ApiPath.Of("/build/prune").With("all", call.Flags.Bool("all")).Filters(filters));
            freed += cache.Long("SpaceReclaimed");
        }
        catch (Client.EngineApiException e) when (e.StatusCode is 404 or 501)
        {
            // An engine without a builder has no cache to remove.
        }

        await call.Out.WriteLineAsync("Total reclaimed space: " + Units.Size(freed, 4));
        return 0;
    }

    private static List<string> ImageFilters(Invocation call) =>
        [.. call.Flags.List("filter"), call.Flags.Bool("all") ? "dangling=false" : "dangling=true"];

    private static FlagTable Flags() =>
        new FlagTable().Filter("Only remove what fits the conditions", '\0').Bool("force", 'f', "Do not ask");

    private static Verb Simple(FlagTable flags, string path, string warning, string title, string list) => new(
        "",
        flags,
        async call =>
        {
            if (!await call.ConfirmAsync(warning))
            {
                return Declined(call, call.Path.Split(' ')[0]);
            }

            await ReportAsync(call, path, call.Flags.List("filter"), title, list, total: path != "/networks/prune");
            return 0;
        })
    { MaxArguments = 0 };

    private static async Task<long> ReportAsync(
        Invocation call, string path, IEnumerable<string> filters, string title, string list, bool total)
    {
        JsonNode? answer = await call.Engine.PostAsync(ApiPath.Of(path).Filters(filters));
        List<string> removed = [.. answer.List(list).Select(Line)];
        if (removed.Count > 0)
        {
            await call.Out.WriteLineAsync(title + "\n" + string.Join('\n', removed) + "\n");
        }

        long freed = answer.Long("SpaceReclaimed");
        if (total)
        {
            await call.Out.WriteLineAsync("Total reclaimed space: " + Units.Size(freed, 4));
        }

        return freed;
    }

    private static string Line(JsonNode? item) => item switch
    {
        JsonValue name => name.GetValue<string>(),
        _ when item.Text("Untagged") is { Length: > 0 } untagged => "untagged: " + untagged,
        _ => "deleted: " + item.Text("Deleted"),
    };

    private static int Declined(Invocation call, string noun)
    {
        call.Error.WriteLine($"{noun} prune has been cancelled");
        return 1;
    }
}
