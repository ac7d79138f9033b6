using System.Globalization;
using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;
using Slipway.Cli.Options;
using Slipway.Cli.Output;
using Slipway.Cli.Streams;

namespace Slipway.Cli.Verbs;

/// <summary><c>images</c>, <c>history</c>, <c>tag</c> and <c>rmi</c>.</summary>
internal static class ImageListVerb
{
    private const string None = "<none>";

    private static readonly Dictionary<string, string> s_headers = new(StringComparer.Ordinal)
    {
        ["ID"] = "IMAGE ID", ["Repository"] = "REPOSITORY", ["Tag"] = "TAG", ["Digest"] = "DIGEST", ["CreatedSince"] = "CREATED",
        ["CreatedAt"] = "CREATED AT", ["Size"] = "SIZE", ["Containers"] = "CONTAINERS", ["VirtualSize"] = "SIZE",
        ["SharedSize"] = "SHARED SIZE", ["UniqueSize"] = "UNIQUE SIZE",
    };

    private static readonly Dictionary<string, string> s_historyHeaders = new(StringComparer.Ordinal)
    {
        ["ID"] = "IMAGE", ["CreatedSince"] = "CREATED", ["CreatedAt"] = "CREATED AT", ["CreatedBy"] = "CREATED BY",
        ["Size"] = "SIZE", ["Comment"] = "COMMENT",
    };

    public static Verb List() => new(
        "[REPOSITORY[:TAG]]",
        new FlagTable().Bool("all", 'a', "Show intermediate images too").Bool("digests", "Show digests").Filter().Format()
            .Bool("no-trunc", "Do not shorten").Bool("quiet", 'q', "Only show ids"),
        RunAsync)
    { MaxArguments = 1, Completes = Candidates.Images };

    private static async Task<int> RunAsync(Invocation call)
    {
        FlagValues flags = call.Flags;
        IEnumerable<string> filters = flags.List("filter").Concat(call.Arguments.Select(a => "reference=" + a));
        JsonNode? answer = await call.Engine.GetAsync(
            ApiPath.Of("/images/json").With("all", flags.Bool("all")).With("digests", flags.Bool("digests")).Filters(filters));
        string format = flags.String("format");
        bool digests = flags.Bool("digests") || format.Contains(".Digest", StringComparison.Ordinal);
        IEnumerable<Row> rows = (answer as JsonArray ?? []).SelectMany(i => Rows(i, call.Now, flags.Bool("no-trunc"), digests));
        string columns = "{{.Repository}}\t{{.Tag}}\t" + (flags.Bool("digests") ? "{{.Digest}}\t" : "") + "{{.ID}}\t{{.CreatedSince}}\t{{.Size}}";
        if (flags.Bool("quiet") && format is "" or "table")
        {
            format = "{{.ID}}";
        }

        await call.Out.WriteAsync(new Listing(columns, s_headers).Print(format, rows));
        return 0;
    }

    /// <summary>One row per name; an image without any is one row of <c>&lt;none&gt;</c>.</summary>
    public static IEnumerable<Row> Rows(JsonNode? image, DateTimeOffset now, bool full, bool digests)
    {
        List<(string Repository, string Digest)> byDigest =
            [.. image.Strings("RepoDigests").Where(d => d != "<none>@<none>").Select(d => Cut(d, d.IndexOf('@', StringComparison.Ordinal)))];
        HashSet<string> named = new(StringComparer.Ordinal);
        bool any = false;
        foreach (string name in image.Strings("RepoTags").Where(t => t != "<none>:<none>"))
        {
            (string repository, string tag) = Cut(name, name.LastIndexOf(':'));
            named.Add(repository);
            any = true;
            string digest = byDigest.Find(d => d.Repository == repository).Digest ?? None;
            yield return Row(image, repository, tag, digest, now, full);
        }

        foreach ((string repository, string digest) in byDigest.Where(d => !named.Contains(d.Repository) && (digests || !any)))
        {
            any = true;
            yield return Row(image, repository, None, digest, now, full);
        }

        if (!any)
        {
            yield return Row(image, None, None, None, now, full);
        }
    }

    private static Row Row(JsonNode? image, string repository, string tag, string digest, DateTimeOffset now, bool full)
    {
        DateTimeOffset created = Units.Unix(image.Long("Created"));
        long shared = image.Long("SharedSize");
        return new Row()
            .Field("ID", full ? image.Text("Id") : Units.ShortId(image.Text("Id")))
            .Field("Repository", repository).Field("Tag", tag).Field("Digest", digest)
            .Field("CreatedSince", () => Units.Ago(created, now))
            .Field("CreatedAt", () => Units.GoTime(created))
            .Field("Size", () => Units.Size(image.Long("Size")))
            .Field("VirtualSize", () => Units.Size(image.Long("Size")))
            .Field("Containers", () => image.Long("Containers") < 0 ? "N/A" : image.Long("Containers").ToString(CultureInfo.InvariantCulture))
            .Field("SharedSize", () => shared < 0 ? "N/A" : Units.Size(shared))
            .Field("UniqueSize", () => shared < 0 ? "N/A" : Units.Size(image.Long("Size") - shared));
    }

    private static (string Front, string Back) Cut(string text, int at) => at < 0 ? (text, None) : (text[..at], text[(at + 1)..]);

    public static Verb History() => new(
        "IMAGE",
        new FlagTable().Format().Bool("human", 'H', "Show sizes and dates for people", value: true).Bool("no-trunc", "Do not shorten")
            .String("platform", "Show the history of one platform (os[/arch[/variant]])").Bool("quiet", 'q', "Only show ids"),
        async call =>
        {
            JsonNode? answer = await call.Engine.GetAsync(
                ApiPath.Of("/images/", call.Arguments[0], "/history").With("platform", PlatformJson.Of(call.Flags.String("platform"))));
            bool full = call.Flags.Bool("no-trunc");
            bool human = call.Flags.Bool("human");
            IEnumerable<Row> rows = (answer as JsonArray ?? []).Select(step => HistoryRow(step, call.Now, full, human));
            const string Columns = "{{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}";
            string columns = human ? Columns : Columns.Replace("CreatedSince", "CreatedAt", StringComparison.Ordinal);
            string format = call.Flags.Bool("quiet") ? "{{.ID}}" : call.Flags.String("format");
            await call.Out.WriteAsync(new Listing(columns, s_historyHeaders).Print(format, rows));
            return 0;
        })
    { MinArguments = 1, MaxArguments = 1, Completes = Candidates.Images };

    private static Row HistoryRow(JsonNode? step, DateTimeOffset now, bool full, bool human)
    {
        DateTimeOffset created = Units.Unix(step.Long("Created"));
        bool dated = step.Long("Created") > -62_135_596_800;
        string by = step.Text("CreatedBy").Replace('\t', ' ');
        string at = dated ? created.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) : "N/A";
        return new Row()
            .Field("ID", full ? step.Text("Id") : Units.ShortId(step.Text("Id")))
            .Field("CreatedSince", () => !human ? at : dated ? Units.Ago(created, now) : "N/A")
            .Field("CreatedAt", at)
            .Field("CreatedBy", full ? by : Units.Ellipsis(by, 45))
            .Field("Size", () => human ? Units.Size(step.Long("Size")) : step.Long("Size").ToString(CultureInfo.InvariantCulture))
            .Field("Comment", step.Text("Comment"));
    }

    public static Verb Tag() => new("SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]", new FlagTable(), async call =>
    {
        (string repository, string tag) = ImageName.Split(call.Arguments[1]);
        await call.Engine.PostAsync(ApiPath.Of("/images/", call.Arguments[0], "/tag").With("repo", repository).With("tag", tag));
        return 0;
    })
    { MinArguments = 2, MaxArguments = 2, Completes = Candidates.Images };

    public static Verb Remove() => new(
        "IMAGE [IMAGE...]",
        new FlagTable().Bool("force", 'f', "Remove the image even if it has other names or containers").Bool("no-prune", "Keep parents without a name")
            .Strings("platform", "Only remove one platform (os[/arch[/variant]])"),
        call => call.ForEachAsync(call.Arguments, async name =>
        {
            JsonNode? removed = await call.Engine.DeleteAsync(ApiPath.Of("/images/", name)
                .With("force", call.Flags.Bool("force")).With("noprune", call.Flags.Bool("no-prune"))
                .With("platforms", call.Flags.List("platform").Select(p => PlatformJson.Of(p)!)));
            foreach (JsonNode? item in removed as JsonArray ?? [])
            {
                await call.Out.WriteLineAsync(item.Text("Deleted") is { Length: > 0 } id ? "Deleted: " + id : "Untagged: " + item.Text("Untagged"));
            }
        }))
    { MinArguments = 1, Completes = Candidates.Images };
}
