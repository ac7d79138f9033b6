using System.Text.RegularExpressions;
using Slipway.Packs.Versions;

namespace Slipway.Packs.Providers.Go;

/// <summary>Go: one binary, and beside it the source for the templates and files that it may read.</summary>
internal sealed partial class GoProvider : Provider
{
    internal override string Name => "go";

    internal override string? Detect(PackContext context) => context.Source.FirstFile("go.mod", "main.go", "go.work");

    internal override Draft Plan(PackContext context)
    {
        var draft = new Draft { BuildImage = "go", RunImage = "base", ToolPackages = ["golang-go"], InstallPrefixes = ["GO"], Port = 8080 };
        draft.Tools.Add(Version(context));
        var module = context.Source.FileExists("go.mod");
        var vendored = context.Source.DirectoryExists("vendor");
        if (module && !vendored)
        {
            var install = draft.Phase("install");
            install.Commands.Add("go mod download");
            install.Files = [.. new[] { "go.mod", "go.sum", "go.work", "go.work.sum" }.Where(context.Source.FileExists)];
            install.Caches.AddRange(Caches);
        }

        var build = draft.Phase("build");
        build.Commands.Add($"go build {(vendored ? "-mod=vendor " : "")}-trimpath -ldflags=\"-s -w\" -o /opt/out/app {Target(context, module)}".TrimEnd());
        build.Caches.AddRange(Caches);
        var dynamic = context.Plain("CGO_ENABLED") == "1";
        draft.BuildVariables["CGO_ENABLED"] = dynamic ? "1" : "0";
        draft.BuildVariables["GOCACHE"] = "/root/.cache/go-build";
        draft.BuildVariables["GOPATH"] = "/root/go";
        draft.BuildVariables["GOFLAGS"] = "-buildvcs=false";
        if (dynamic)
        {
            draft.Phase("setup").Packages.AddRange(["gcc", "libc6-dev"]);
        }

        if (context.Source.Text("go.mod") is { } text && text.Contains("github.com/gin-gonic/gin", StringComparison.Ordinal))
        {
            draft.Variables["GIN_MODE"] = "release";
            draft.Framework = new Choice("Gin", "go.mod");
        }

        (draft.Start, draft.StartReason) = ("./out", "the built binary");
        draft.Outputs = [new Copied("/opt/out/app", "/app/out")];
        draft.WithSource = true;
        return draft;
    }

    private static string[] Caches => ["/root/.cache/go-build", "/root/go/pkg/mod"];

    private static string Target(PackContext context, bool module)
    {
        if (context.Setting("GO_BIN") is { } name)
        {
            return "./cmd/" + name;
        }

        var inRoot = context.Source.Entries("", directories: false).Any(f => f.EndsWith(".go", StringComparison.Ordinal));
        return module && inRoot ? "." : context.Source.Entries("cmd", directories: true) is [var first, ..] ? "./cmd/" + first : module ? "." : "main.go";
    }

    private static ToolChoice Version(PackContext context)
    {
        var text = context.Source.Text("go.mod") ?? "";
        var (requested, reason) = context.Setting("GO_VERSION") is { } setting ? (setting, context.SettingName("GO_VERSION"))
            : Directive().Match(text) is { Success: true } match ? (match.Groups[1].Value, "go.mod") : ("", "nothing asks for a version");
        if (requested.Length > 0)
        {
            var wanted = SemanticVersion.Parse(requested) ?? throw new PackException($"\"{requested}\" in {reason} is no version of Go");
            // Go 1.19 does not read the directives of newer modules.
            context.Stack = Stack.With("go", v => v >= wanted && !(text.Contains("\ntoolchain ", StringComparison.Ordinal) && v.Minor < 21)) ?? throw Stack.Missing("go", requested, reason);
        }

        return new ToolChoice("go", requested, context.Stack.Version("go"), reason);
    }

    [GeneratedRegex(@"^go\s+(\d+(?:\.\d+){0,2})", RegexOptions.Multiline)]
    private static partial Regex Directive();
}
