using System.Text.RegularExpressions;
using Slipway.Packs.Versions;

namespace Slipway.Packs.Providers.Java;

/// <summary>Java with Maven, with Gradle's wrapper, or a plain <c>Main.java</c>; run by a JRE.</summary>
internal sealed partial class JavaProvider : Provider
{
    private static readonly string[] s_poms = ["pom.xml", "pom.atom", "pom.clj", "pom.groovy", "pom.rb", "pom.scala", "pom.yaml", "pom.yml"];

    private const string PlainFile = "Main.java";

    internal override string Name => "java";

    internal override string? Detect(PackContext context) =>
        s_poms.FirstOrDefault(context.Source.FileExists) ?? context.Source.FirstFile("gradlew", "build.gradle", "build.gradle.kts", PlainFile);

    internal override Draft Plan(PackContext context)
    {
        var draft = new Draft { BuildImage = "java", RunImage = "java", ToolPackages = ["default-jdk-headless"], InstallPrefixes = ["MAVEN_", "GRADLE_"], Port = 8080 };
        var gradle = context.Source.FirstFile("gradlew", "build.gradle", "build.gradle.kts") is not null && s_poms.FirstOrDefault(context.Source.FileExists) is null;
        draft.Phase("setup").Packages.Add("default-jdk-headless");
        draft.Tools.Add(Version(context, gradle));
        draft.Outputs = [new Copied("/opt/out", "/app")];
        draft.Ignored.AddRange(["target", "build", ".gradle"]);
        if (!gradle && !s_poms.Any(context.Source.FileExists))
        {
            draft.Phase("build").Commands.Add($"javac -d /opt/out {PlainFile}");
            (draft.Start, draft.StartReason) = ("java $JAVA_OPTS Main", PlainFile);
            return draft;
        }

        if (gradle)
        {
            Gradle(draft, context);
        }
        else
        {
            Maven(draft, context);
        }

        // One jar among what the build made, those that cannot run by themselves left out.
        var jars = gradle ? "build/libs/*.jar" : "target/*.jar";
        draft.Prune.Add("mkdir -p /opt/out && if [ -d target/quarkus-app ]; then cp -r target/quarkus-app/. /opt/out/ && mv /opt/out/quarkus-run.jar /opt/out/app.jar; "
            + $"else jar=$(ls -1S {jars} */{jars} 2>/dev/null | grep -Ev -- '(-plain|-sources|-javadoc|-tests)\\.jar$|/original-' | head -n 1); "
            + $"test -n \"$jar\" || {{ echo 'The build made no jar that can be run ({jars}).' >&2; exit 1; }}; cp \"$jar\" /opt/out/app.jar; fi");
        (draft.Start, draft.StartReason) = ($"java {PortOption(draft, context, gradle)}$JAVA_OPTS -jar app.jar", "the built jar");
        return draft;
    }

    private static void Maven(Draft draft, PackContext context)
    {
        var wrapper = context.Source.FileExists("mvnw") && context.Source.FileExists(".mvn/wrapper/maven-wrapper.properties");
        var command = "mvn";
        if (wrapper)
        {
            command = "chmod +x ./mvnw && ./mvnw";
        }
        else
        {
            draft.Phase("setup").Packages.Add("maven");
            draft.Tools.Add(new ToolChoice("maven", "", context.Stack.Version("maven"), "pom.xml"));
        }

        draft.Phase("build").Commands.Add($"{command} -B -DskipTests package");
        draft.Phase("build").Caches.Add("/root/.m2/repository");
    }

    private static void Gradle(Draft draft, PackContext context)
    {
        if (!context.Source.FileExists("gradlew") || !context.Source.FileExists("gradle/wrapper/gradle-wrapper.properties"))
        {
            throw new PackException("Gradle is only supported by its wrapper: add gradlew and gradle/wrapper (gradle wrapper makes them), or a Dockerfile. Debian's Gradle (4.4) is too old.");
        }

        draft.Tools.Add(new ToolChoice("gradle", "", Distribution().Match(context.Source.Text("gradle/wrapper/gradle-wrapper.properties") ?? "").Groups[1].Value, "gradle/wrapper/gradle-wrapper.properties"));
        draft.Phase("build").Commands.Add("chmod +x ./gradlew && ./gradlew --no-daemon clean build -x check -x test");
        draft.Phase("build").Caches.Add("/root/.gradle");
    }

    private static string PortOption(Draft draft, PackContext context, bool gradle)
    {
        var text = gradle ? context.Source.Text("build.gradle") + context.Source.Text("build.gradle.kts") : context.Source.Text("pom.xml") ?? "";
        if (text.Contains("org.springframework.boot", StringComparison.Ordinal) || text.Contains("org.grails", StringComparison.Ordinal))
        {
            draft.Framework = new Choice("Spring Boot", gradle ? "build.gradle" : "pom.xml");
            return "-Dserver.port=${PORT:-8080} ";
        }

        if (text.Contains("io.quarkus", StringComparison.Ordinal))
        {
            draft.Framework = new Choice("Quarkus", gradle ? "build.gradle" : "pom.xml");
            return "-Dquarkus.http.host=0.0.0.0 -Dquarkus.http.port=${PORT:-8080} ";
        }

        return text.Contains("wildfly-swarm", StringComparison.Ordinal) ? "-Dswarm.http.port=${PORT:-8080} " : "";
    }

    private static ToolChoice Version(PackContext context, bool gradle)
    {
        var request = Request(context, gradle);
        if (request is not var (requested, reason))
        {
            return new ToolChoice("java", "", context.Stack.Version("java"), "nothing asks for a version");
        }

        var major = Number().Match(requested) is { Success: true } match && int.TryParse(match.Groups[1].Value, out var number) ? number : throw new PackException($"Unsupported JDK version: {requested} ({reason})");
        // A newer JDK compiles for older releases.
        context.Stack = Stack.With("java", v => v.Major >= major) ?? throw Stack.Missing("java", requested, reason);
        return new ToolChoice("java", requested, context.Stack.Version("java"), reason);
    }

    private static (string, string)? Request(PackContext context, bool gradle)
    {
        var pom = context.Source.Text("pom.xml") ?? "";
        var build = gradle ? context.Source.Text("build.gradle") + context.Source.Text("build.gradle.kts") : "";
        return context.Setting("JDK_VERSION") is { } setting ? (setting, context.SettingName("JDK_VERSION"))
            : Property().Match(context.Source.Text("system.properties") ?? "") is { Success: true } property ? (property.Groups[1].Value, "system.properties")
            : context.FirstLine(".java-version") is { } file ? (file, ".java-version")
            : InPom().Match(pom) is { Success: true } inPom ? (inPom.Groups[1].Value, "pom.xml")
            : Toolchain().Match(build) is { Success: true } toolchain ? (toolchain.Groups[1].Value, "build.gradle")
            : context.PinnedTool("java") is var (version, pinned) ? (version, pinned) : null;
    }

    [GeneratedRegex(@"^\s*java\.runtime\.version\s*=\s*(\S+)", RegexOptions.Multiline)]
    private static partial Regex Property();

    [GeneratedRegex(@"<(?:maven\.compiler\.release|maven\.compiler\.target|java\.version)>\s*([\d.]+)\s*<")]
    private static partial Regex InPom();

    [GeneratedRegex(@"JavaLanguageVersion\.of\(\s*(\d+)")]
    private static partial Regex Toolchain();

    [GeneratedRegex(@"(?:^|[^\d])(?:1\.)?(\d+)")]
    private static partial Regex Number();

    [GeneratedRegex(@"gradle-(\d+(?:\.\d+)*)-")]
    private static partial Regex Distribution();
}
