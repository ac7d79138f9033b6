using System.Text.RegularExpressions;
using Slipway.Packs.Providers.Node;
using Slipway.Packs.Versions;

namespace Slipway.Packs.Providers.Ruby;

/// <summary>Ruby with Bundler: Rails, Rack, scripts.</summary>
internal sealed partial class RubyProvider : Provider
{
    private static readonly (string Gem, string[] Build, string[] Run)[] s_libraries =
    [
        ("pg", ["libpq-dev"], ["libpq5"]), ("mysql2", ["default-libmysqlclient-dev"], ["libmariadb3"]), ("rmagick", ["libmagickwand-dev"], ["imagemagick"]), ("mini_magick", [], ["imagemagick"]),
        ("ruby-vips", [], ["libvips42"]), ("charlock_holmes", ["libicu-dev", "zlib1g-dev"], ["libicu72"]), ("sqlite3", ["libsqlite3-dev"], ["libsqlite3-0"]),
    ];

    internal override string Name => "ruby";

    internal override string? Detect(PackContext context) => context.Source.FirstFile("Gemfile");

    internal override Draft Plan(PackContext context)
    {
        var gemfile = context.Source.Text("Gemfile") ?? "";
        var gems = gemfile + "\n" + context.Source.Text("Gemfile.lock");
        bool Has(string gem) => Regex.IsMatch(gems, $"(?:gem ['\"]|^    ){Regex.Escape(gem)}(?:['\"]| )", RegexOptions.Multiline | RegexOptions.NonBacktracking);
        var draft = new Draft { BuildImage = "ruby", RunImage = "ruby", ToolPackages = ["ruby", "ruby-bundler"], InstallPrefixes = ["BUNDLE_", "GEM_"] };
        draft.Tools.Add(Version(context, gemfile));
        var setup = draft.Phase("setup");
        var any = Gem().IsMatch(gemfile) || gemfile.Contains("gemspec", StringComparison.Ordinal);
        if (any)
        {
            setup.Packages.AddRange(["build-essential", "ruby-dev", "libyaml-dev", "libffi-dev", "pkg-config", "git"]);
        }

        foreach (var (_, build, run) in s_libraries.Where(l => Has(l.Gem)))
        {
            setup.Packages.AddRange(build);
            setup.RunPackages.AddRange(run);
        }

        Install(draft, context, gemfile);
        var rails = (context.Source.Text("config/application.rb") ?? "").Contains("Rails::Application", StringComparison.Ordinal);
        if (rails)
        {
            draft.Framework = new Choice("Rails", "config/application.rb");
            Rails(draft, Has);
        }

        Start(draft, context, rails, Has);
        if (context.Source.FileExists("package.json") || Has("execjs"))
        {
            Assets(draft, context);
        }

        draft.Variables["MALLOC_ARENA_MAX"] = "2";
        draft.Variables["BUNDLE_GEMFILE"] = "/app/Gemfile";
        draft.Variables["BUNDLE_PATH"] = "/app/vendor/bundle";
        draft.Variables["LANG"] = "C.UTF-8";
        draft.Ignored.AddRange(["vendor/bundle", "log/*", "tmp/*", ".bundle"]);
        draft.StartHelp = "Add a config.ru, a Procfile with a line \"web: command\", or set a start command.";
        return draft;
    }

    private static void Install(Draft draft, PackContext context, string gemfile)
    {
        var install = draft.Phase("install");
        var vendored = context.Source.Entries("vendor/cache", directories: false).Any(f => f.EndsWith(".gem", StringComparison.Ordinal));
        install.Commands.Add(vendored ? "bundle install --local" : "bundle install");
        install.Caches.Add("/root/.bundle/cache");
        install.Files = gemfile.Contains("path:", StringComparison.Ordinal) || gemfile.Contains("gemspec", StringComparison.Ordinal) || gemfile.Contains("local", StringComparison.Ordinal) ? null
            : [.. new[] { "Gemfile", "Gemfile.lock", ".ruby-version", ".tool-versions", "vendor/cache" }.Where(f => context.Source.FileExists(f) || context.Source.DirectoryExists(f))];
        draft.Dependencies.Add("/app/vendor/bundle");
        draft.BuildVariables["BUNDLE_WITHOUT"] = "development:test";
        draft.BuildVariables["BUNDLE_JOBS"] = "4";
        draft.BuildVariables["BUNDLE_SILENCE_ROOT_WARNING"] = "1";
    }

    private static void Rails(Draft draft, Func<string, bool> has)
    {
        foreach (var (name, value) in ((string, string)[])[("RAILS_ENV", "production"), ("RACK_ENV", "production"), ("RAILS_LOG_TO_STDOUT", "enabled"), ("RAILS_SERVE_STATIC_FILES", "1"), ("BUNDLE_WITHOUT", "development:test")])
        {
            draft.Variables[name] = value;
        }

        var build = draft.Phase("build");
        if (has("sprockets") || has("sprockets-rails") || has("propshaft"))
        {
            build.Commands.Add("SECRET_KEY_BASE_DUMMY=1 bundle exec rake assets:precompile");
        }

        if (has("bootsnap"))
        {
            build.Commands.Add("bundle exec bootsnap precompile app/ lib/");
        }
    }

    private static void Start(Draft draft, PackContext context, bool rails, Func<string, bool> has)
    {
        var source = context.Source;
        (string Command, string Reason)? start = rails ? (source.FileExists("rails") ? "bundle exec rails server -b 0.0.0.0 -p ${PORT:-3000}" : "bundle exec bin/rails server -b 0.0.0.0 -p ${PORT:-3000}", "config/application.rb")
            : source.FileExists("config/environment.rb") && source.DirectoryExists("script") ? ("bundle exec ruby script/server -p ${PORT:-3000}", "config/environment.rb")
            : source.FileExists("config.ru") ? (has("puma") ? "bundle exec puma -b tcp://0.0.0.0:${PORT:-3000}" : "bundle exec rackup config.ru -o 0.0.0.0 -p ${PORT:-3000}", "config.ru")
            : source.FirstFile("app.rb", "main.rb", "server.rb") is { } file ? ($"bundle exec ruby {file}", file)
            : source.FileExists("Rakefile") ? ("bundle exec rake", "Rakefile") : null;
        if (start is var (command, reason))
        {
            (draft.Start, draft.StartReason) = (command, reason);
        }
    }

    private static void Assets(Draft draft, PackContext context)
    {
        if (!context.Source.FileExists("package.json"))
        {
            draft.Phase("setup").Packages.Add("nodejs");
            draft.Phase("setup").RunPackages.Add("nodejs");
            return;
        }

        var node = new NodeProvider().Plan(context);
        node.Phases.RemoveAll(p => p.Name == "build");
        node.Variables.Clear();
        node.Dependencies.Clear();
        SecondLanguage.Add(draft, node, "node", runs: false);
        draft.Prune.Add("rm -rf node_modules");
    }

    private static ToolChoice Version(PackContext context, string gemfile)
    {
        var locked = Locked().Match(context.Source.Text("Gemfile.lock") ?? "");
        var (requested, reason) = context.Setting("RUBY_VERSION") is { } setting ? (setting, context.SettingName("RUBY_VERSION"))
            : context.FirstLine(".ruby-version") is { } file ? (file.Replace("ruby-", "", StringComparison.Ordinal), ".ruby-version")
            : InGemfile().Match(gemfile) is { Success: true } match ? (match.Groups[1].Value, "Gemfile")
            : locked.Success ? (locked.Groups[1].Value, "Gemfile.lock")
            : context.PinnedTool("ruby") is var (version, pinned) ? (version, pinned) : ("", "nothing asks for a version; add a .ruby-version");
        if (requested.Length == 0)
        {
            return new ToolChoice("ruby", "", context.Stack.Version("ruby"), reason);
        }

        // The distribution follows the last number by itself; the first two decide.
        var wanted = Minor().Match(requested) is { Success: true } exact ? exact.Groups[1].Value : requested;
        var range = SemanticRange.Parse(wanted) ?? throw new PackException($"\"{requested}\" in {reason} is no version of Ruby");
        context.Stack = Stack.With("ruby", range.Accepts) ?? throw Stack.Missing("ruby", requested, reason);
        if (InGemfile().Match(gemfile).Groups[1].Value == requested && requested.Count(c => c == '.') == 2 && requested != context.Stack.Version("ruby"))
        {
            context.Warn($"Bundler insists on Ruby {requested} ({reason}); the image has {context.Stack.Version("ruby")}. Write ruby \"~> {wanted}.0\" to accept it.");
        }

        return new ToolChoice("ruby", requested, context.Stack.Version("ruby"), reason);
    }

    [GeneratedRegex("""^\s*gem\s+['"]""", RegexOptions.Multiline)]
    private static partial Regex Gem();

    [GeneratedRegex("""^\s*ruby\s+['"]([^'"]+)['"]""", RegexOptions.Multiline)]
    private static partial Regex InGemfile();

    [GeneratedRegex(@"^\s+ruby (\d+\.\d+\.\d+)", RegexOptions.Multiline)]
    private static partial Regex Locked();

    [GeneratedRegex(@"^(\d+\.\d+)(?:\.\d+)?")]
    private static partial Regex Minor();
}
