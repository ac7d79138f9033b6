using Slipway.Platform.Model;

namespace Slipway.Platform.Apps;

/// <summary>Checks the settings of an application before they are stored.</summary>
internal static class AppChecks
{
    private const int MaxSeconds = 3600;

    /// <exception cref="PlatformException">Something makes no sense; says what.</exception>
    internal static App Check(App app)
    {
        Rules.Label(app.Name, "an application's name");
        Check(app.Source);
        Check(app.Build);
        Check(app.Run);
        foreach (var domain in app.Domains)
        {
            Check(domain);
        }

        return app;
    }

    private static void Check(AppSource source)
    {
        Rules.Branch(source.Branch);
        Rules.Path(source.BaseDirectory, "the base directory");
        _ = source.Commit is null ? null : Rules.Commit(source.Commit);
        switch (source.Kind)
        {
            case SourceKind.Image: Rules.Image(source.Image); break;
            case SourceKind.Git: Sources.GitUrl.Parse(source.Repository ?? ""); break;
            case SourceKind.Dockerfile: Rules.Text(source.Dockerfile ?? throw Rules.Invalid("the text of the Dockerfile is missing"), "a Dockerfile"); break;
        }

        foreach (var pattern in source.WatchPaths)
        {
            Rules.Text(pattern, "a watched path", 1024);
        }
    }

    private static void Check(BuildSettings build)
    {
        Rules.Label(build.Pack, "a build pack's name");
        Rules.RelativePath(build.Dockerfile, "the Dockerfile");
        _ = build.ComposeFile is null ? null : Rules.RelativePath(build.ComposeFile, "the Compose file");
        foreach (var text in (string?[])[build.Target, build.PublishDirectory, build.InstallCommand, build.BuildCommand, build.StartCommand])
        {
            Rules.Text(text ?? "", "a build setting", 8192);
        }

        if (build.PublishDirectory is { } directory)
        {
            Rules.RelativePath(directory, "the publish directory");
        }
    }

    private static void Check(RunSettings run)
    {
        Rules.Between(run.Port, 0, 65535, "the port");
        Rules.Between(run.Replicas, 1, 100, "the number of replicas");
        foreach (var (process, count) in run.Processes)
        {
            Rules.Service(process);
            Rules.Between(count, 0, 100, $"the number of containers of {process}");
        }

        Rules.Between(run.Cpus, 0, 1024, "the number of CPUs");
        Rules.Between(run.Memory, 0, 1L << 50, "the memory");
        Rules.Between(run.StopGraceSeconds, 1, MaxSeconds, "the stop grace period");
        Rules.Between(run.DrainSeconds, 1, MaxSeconds, "the drain time");
        Rules.Command(run.Command);
        Rules.Command(run.PreDeploy);
        Rules.Command(run.PostDeploy);
        foreach (var volume in run.Volumes)
        {
            Rules.Volume(volume);
        }

        Check(run.Health);
    }

    private static void Check(HealthSettings health)
    {
        Rules.OneOf(health.Kind, "the health check's kind", "auto", "http", "command", "port", "none");
        if (!health.Path.StartsWith('/') || health.Path.Any(char.IsControl) || health.Path.Contains(' ', StringComparison.Ordinal) || health.Path.Length > 2048)
        {
            throw Rules.Invalid("the health check's path has to begin with a slash and have no spaces");
        }

        Rules.Between(health.Status, 0, 599, "the expected status");
        Rules.Between(health.IntervalSeconds, 0.1, MaxSeconds, "the interval");
        Rules.Between(health.TimeoutSeconds, 0.1, MaxSeconds, "the timeout");
        Rules.Between(health.DeadlineSeconds, 1, MaxSeconds, "the deadline");
        Rules.Command(health.Command);
        if (health is { Kind: "command", Command.Count: 0 })
        {
            throw Rules.Invalid("the health check's command is missing");
        }
    }

    private static void Check(Domain domain)
    {
        Rules.Host(domain.Host);
        Rules.Path(domain.Path, "a domain's path");
        Rules.Between(domain.Port, 0, 65535, "a domain's port");
        _ = domain.Service is null ? null : Rules.Service(domain.Service);
        Rules.OneOf(domain.Tls, "TLS", "none", "internal", "acme");
        if (domain.Path.AsSpan().ContainsAny("*{}\"\\ ") || (domain.Path != "/" && domain.Path.EndsWith('/')))
        {
            throw Rules.Invalid("a domain's path has no stars, braces, quotes or spaces, and no slash at its end");
        }

        if (domain.RedirectTo is { } target && (!Uri.TryCreate(target, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || target.AsSpan().ContainsAny("{}\"\\ \r\n")))
        {
            throw Rules.Invalid("a redirect leads to an http or https address");
        }

        if (domain.User is { } user && (user.Length is 0 or > 128 || user.Any(character => char.IsControl(character) || character == ':')))
        {
            throw Rules.Invalid("a user's name has no colon and at most 128 characters");
        }
    }
}
