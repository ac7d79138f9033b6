using System.Text.RegularExpressions;

namespace Slipway.Packs.Providers;

/// <summary>Looks for what often works on the author's machine only, and for what does not belong into a source. Everything it says is a warning.</summary>
internal static partial class Doctor
{
    private static readonly string[] s_secrets = [".env", ".env.production", ".env.local", "id_rsa", "id_ed25519", ".aws/credentials", "credentials.json", "service-account.json"];

    internal static void Look(PackContext context, Draft draft)
    {
        if (draft.Start is { } start)
        {
            Started(context, draft.Resolved ?? start);
        }

        var commands = draft.Phases.SelectMany(p => p.Commands).Append(context.Document("package.json")?.Text("scripts", "build"));
        if (Migration().Match(string.Join('\n', commands)) is { Success: true } migration)
        {
            context.Warn($"the build runs \"{migration.Value}\", and builds have no database: make it the release process of a Procfile, or the application's pre-deploy command");
        }

        var secrets = s_secrets.Where(context.Source.Files.Contains).Concat(context.Source.Matching("*.pem").Where(f => (context.Source.Text(f) ?? "").Contains("PRIVATE KEY", StringComparison.Ordinal)).Take(3)).ToArray();
        if (secrets.Length > 0)
        {
            context.Warn($"the source has what looks like secrets ({string.Join(", ", secrets)}): set variables of the application instead");
        }

        Listening(context);
    }

    private static void Started(PackContext context, string command)
    {
        if (DevelopmentServer().Match(command) is { Success: true } server)
        {
            context.Warn($"the start command runs \"{server.Value.Trim()}\", which is a server for development");
        }

        if (LocalOption().Match(command) is { Success: true } option)
        {
            context.Warn($"the start command has \"{option.Value.Trim()}\": nothing outside of the container reaches it there; use 0.0.0.0");
        }
    }

    /// <summary>Applications that listen where only their own container reaches them.</summary>
    private static void Listening(PackContext context)
    {
        var file = context.Source.Containing("*.{js,mjs,cjs,ts}", t => NodeLocal().IsMatch(t)) ?? context.Source.Containing("*.py", t => PythonLocal().IsMatch(t)) ?? context.Source.Containing("*.go", t => GoLocal().IsMatch(t));
        if (file is not null)
        {
            context.Warn($"{file} listens on localhost: nothing outside of the container reaches it there; use 0.0.0.0");
        }
    }

    [GeneratedRegex(@"(?:^|[\s;&])(?:nodemon|ts-node-dev|tsx watch|next dev|nuxt dev|vite(?:\s+(?:dev|serve|preview))?(?=\s|$)|react-scripts start|ng serve|flask\s[^\n]{0,80}--debug|python3? manage\.py runserver|uvicorn\s[^\n]{0,120}--reload|php artisan serve)")]
    private static partial Regex DevelopmentServer();

    [GeneratedRegex(@"(?:--host(?:name)?|-H|--bind|-b|--address|--server\.address)[= ](?:localhost|127\.0\.0\.1)")]
    private static partial Regex LocalOption();

    [GeneratedRegex("(?:manage\\.py|rake|rails|artisan|prisma|sequelize|knex|alembic|mix)\\s+(?:db:)?(?:migrate|upgrade|ecto\\.migrate)\\b")]
    private static partial Regex Migration();

    [GeneratedRegex("""\.listen\([^()\n]{0,80}['"](?:127\.0\.0\.1|localhost)['"]""")]
    private static partial Regex NodeLocal();

    [GeneratedRegex("""(?:\.run\([^()\n]{0,80}host\s*=\s*|HTTPServer\(\s*\(\s*|uvicorn\.run\([^()\n]{0,80}host\s*=\s*)['"](?:127\.0\.0\.1|localhost)['"]""")]
    private static partial Regex PythonLocal();

    [GeneratedRegex("""ListenAndServe\(\s*"(?:127\.0\.0\.1|localhost):""")]
    private static partial Regex GoLocal();
}
