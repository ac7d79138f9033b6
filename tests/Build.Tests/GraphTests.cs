using Slipway.Build.Graph;
using Slipway.Oci;

namespace Slipway.Build.Tests;

/// <summary>Stages, operations, history and config.</summary>
public sealed class GraphTests
{
    [Fact]
    public async Task History_and_config_are_buildkits()
    {
        var graph = await Graphs.Make("""
            FROM debian
            ARG VERSION=1.2 EMPTY
            ENV A=1 B="two words"
            LABEL org.x=y "quoted key"=z
            WORKDIR /srv
            WORKDIR app
            COPY --chown=1:2 --chmod=755 a b ./
            ADD https://user:pass@example.com/x.tar.gz /opt/
            RUN echo $VERSION
            RUN ["ls", "-l"]
            EXPOSE 8080/udp 80-82
            VOLUME ["/data"]
            USER app
            STOPSIGNAL SIGQUIT
            HEALTHCHECK --interval=90s --timeout=1500ms CMD curl -f http://localhost
            SHELL ["/bin/bash", "-c"]
            ENTRYPOINT ["/app"]
            CMD run --it
            """);
        Assert.Equal(
            """
            ARG VERSION=1.2 EMPTY
            ENV A=1 B=two words
            LABEL org.x=y quoted key=z
            WORKDIR /srv *
            WORKDIR /srv/app *
            COPY --chown=1:2 --chmod=755 a b ./ # buildkit *
            ADD https://xxxxx:xxxxx@example.com/x.tar.gz /opt/ # buildkit *
            RUN |2 VERSION=1.2 EMPTY= /bin/sh -c echo $VERSION # buildkit *
            RUN |2 VERSION=1.2 EMPTY= ls -l # buildkit *
            EXPOSE [80/tcp 81/tcp 82/tcp 8080/udp]
            VOLUME [/data]
            USER app
            STOPSIGNAL SIGQUIT
            HEALTHCHECK {Test:[CMD-SHELL curl -f http://localhost] Interval:1m30s Timeout:1.5s StartPeriod:0s StartInterval:0s Retries:0}
            SHELL [/bin/bash -c]
            ENTRYPOINT ["/app"]
            CMD ["/bin/bash" "-c" "run --it"]
            """,
            Graphs.History(graph));
        var config = graph.Config.Config!;
        Assert.Equal(["PATH=/usr/bin:/bin", "A=1", "B=two words"], config.Env!);
        Assert.Equal("/srv/app", config.WorkingDir);
        Assert.Equal(["/bin/bash", "-c", "run --it"], config.Cmd!);
        Assert.Equal(1, graph.Config.History.Count - 17);
        Assert.All(graph.Config.History.Skip(1), entry => Assert.Equal("buildkit.dockerfile.v0", entry.Comment));
        Assert.Equal("Step 1/18 : FROM debian", graph.Steps[0].Heading);
        Assert.Equal("[ 1/7] FROM docker.io/library/debian:latest".Replace("[ 1", "[1"), graph.Operations[0].Name);
        Assert.Equal("[6/7] RUN echo 1.2", graph.Operations.OfType<RunStep>().First().Name);
    }

    [Fact]
    public async Task Unused_stages_are_not_in_the_graph()
    {
        var graph = await Graphs.Make("""
            FROM golang AS build
            RUN make
            FROM node AS unused
            RUN false
            FROM scratch
            COPY --from=build /out/app /app
            """);
        Assert.Equal(["build", "stage-2"], graph.Stages);
        Assert.DoesNotContain(graph.Operations, operation => operation.Stage == "unused");
        Assert.Equal("[stage-2 1/1] COPY --from=build /out/app /app", graph.Result.Name);
        Assert.Null(graph.BaseConfig);
    }

    [Fact]
    public async Task Contexts_and_platforms()
    {
        var graph = await Graphs.Make(
            """
            ARG BASE=alpine
            FROM --platform=$BUILDPLATFORM ${BASE}:${TAG:-3} AS tools
            ARG TARGETARCH
            RUN --mount=type=cache,target=/root/.cache,sharing=locked --mount=type=secret,id=tok,env=TOK --mount=from=assets,target=/a --network=none build $TARGETARCH
            FROM tools
            ONBUILD RUN echo later
            COPY --link --exclude=*.md . /src/
            """,
            Graphs.Amd64 with
            {
                TargetPlatform = Platform.Parse("linux/arm64"),
                NamedContexts = new Dictionary<string, string> { ["assets"] = "local:assets" },
            });
        var run = graph.Operations.OfType<RunStep>().Single();
        Assert.Equal("docker.io/library/alpine:3", graph.Operations.OfType<ImageSource>().Single().Reference.ToString());
        Assert.Equal("linux/amd64", run.Platform.ToString());
        Assert.Contains("TARGETARCH=arm64", run.Environment);
        Assert.Equal(RunNetwork.None, run.Network);
        Assert.Equal([RunMountKind.Cache, RunMountKind.Secret, RunMountKind.Bind], run.Mounts.Select(mount => mount.Kind));
        Assert.Equal(CacheSharing.Locked, run.Mounts[0].Sharing);
        Assert.Equal("TOK", run.Mounts[1].EnvironmentVariable);
        Assert.Null(run.Mounts[1].Target);
        Assert.Equal("assets", ((LocalSource)run.Mounts[2].From!).ContextName);
        Assert.Equal(["RUN echo later"], graph.Config.Config!.OnBuild!);
        Assert.Equal(["*.md"], ((CopyStep)graph.Result).Excludes);
    }

    [Fact]
    public async Task Triggers_run_first()
    {
        var graph = await Graphs.Make(
            "FROM base\nCOPY b /b", config: new ExecutionConfig { OnBuild = ["COPY . /app", "RUN make"], WorkingDir = "/w" });
        Assert.Equal("COPY . /app # buildkit *\nRUN /bin/sh -c make # buildkit *\nCOPY b /b # buildkit *", Graphs.History(graph));
        Assert.Contains(graph.Operations, operation => operation.Name == "[2/4] ONBUILD COPY . /app");
        Assert.Null(graph.Config.Config!.OnBuild);
    }

    [Fact]
    public async Task Heredocs()
    {
        var graph = await Graphs.Make("""
            FROM debian
            ENV NAME=x
            RUN <<EOF
            echo one
            echo two
            EOF
            RUN <<-'PY'
            	#!/usr/bin/env python3
            	print("hi")
            	PY
            COPY <<a.txt <<"b.txt" file /etc/
            name=$NAME
            a.txt
            name=$NAME
            b.txt
            RUN cat <<X && echo done
            body
            X
            """);
        var runs = graph.Operations.OfType<RunStep>().ToList();
        Assert.Equal(["/bin/sh", "-c", "echo one\necho two\n"], runs[0].Arguments);
        Assert.Equal("[2/5] RUN <<EOF (echo one...)", runs[0].Name);
        Assert.Equal(["/bin/sh", "-c", "/dev/pipes/PY"], runs[1].Arguments);
        Assert.Equal("#!/usr/bin/env python3\nprint(\"hi\")\n", runs[1].Script!.Content);
        Assert.Equal(["/bin/sh", "-c", "cat <<X && echo done\nbody\nX"], runs[2].Arguments);
        var copy = graph.Operations.OfType<CopyStep>().Single();
        Assert.Equal(["/file", "a.txt", "b.txt"], copy.Sources.Select(source => source.Path));
        Assert.Equal("name=x\n", copy.Sources[1].Content);
        Assert.Equal("name=$NAME\n", copy.Sources[2].Content);
    }

    [Theory]
    [InlineData("FROM a AS x\nCOPY --from=y / /\nFROM b AS y\nCOPY --from=x / /", "circular dependency detected on stage: x", 4)]
    [InlineData("FROM a AS x\nCOPY --from=x / /", "circular dependency detected on stage: x", 2)]
    [InlineData("FROM a AS x\nCOPY --from=5 / /", "invalid stage index 5", 2)]
    [InlineData("FROM a\nCOPY --from=$x / /", "variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround", 2)]
    [InlineData("FROM a\nEXPOSE 99999", "invalid containerPort: 99999", 2)]
    [InlineData("FROM a\nCOPY --chmod=999 a b", "invalid chmod parameter: '999'. it should be octal string and between 0 and 07777", 2)]
    [InlineData("FROM a\nENV A=${B:?missing}", "failed to process \"${B:?missing}\": B: missing", 2)]
    [InlineData("FROM ${NONE}", "base name (${NONE}) should not be blank", 1)]
    [InlineData("FROM UPPER", "failed to parse stage name \"UPPER\": invalid reference format: repository name (library/UPPER) must be lowercase", 1)]
    [InlineData("FROM a\nCOPY https://x/y /", "source can't be a URL for COPY", 2)]
    public async Task Mistakes_carry_buildkits_words(string text, string message, int line)
    {
        var diagnostic = await Graphs.Fail(text);
        Assert.Equal(message, diagnostic.Message);
        Assert.Equal(line, diagnostic.Span.Line);
    }

    [Fact]
    public async Task An_unknown_target_is_named_with_the_nearest()
    {
        var diagnostic = await Graphs.Fail("FROM a AS build\nFROM b", Graphs.Amd64 with { Target = "biuld" });
        Assert.Equal("target stage \"biuld\" could not be found", diagnostic.Message);
        Assert.Equal("build", diagnostic.Suggestion);
    }

    [Fact]
    public async Task Proxies_are_given_but_not_in_the_history()
    {
        var graph = await Graphs.Make(
            "FROM a\nRUN x", Graphs.Amd64 with { BuildArgs = new Dictionary<string, string?> { ["HTTP_PROXY"] = "http://u:p@h" } });
        var run = (RunStep)graph.Result;
        Assert.Equal(["HTTP_PROXY=http://u:p@h", "http_proxy=http://u:p@h"], run.ProxyEnvironment);
        Assert.Equal("RUN /bin/sh -c x # buildkit *", Graphs.History(graph));
    }

    [Fact]
    public async Task Pictures_name_every_operation()
    {
        var graph = await Graphs.Make("FROM a AS b\nRUN <x> && 1\nFROM scratch\nCOPY --from=b / /");
        Assert.Equal(
            """
            1  scratch
            2  [b 1/2] FROM docker.io/library/a:latest
            3  [b 2/2] RUN <x> && 1  ← 2
            4  [stage-1 1/1] COPY --from=b / /  ← 1, 3

            """,
            GraphPicture.Text(graph));
        var document = System.Xml.Linq.XDocument.Parse(GraphPicture.Svg(graph));
        Assert.Equal(4, document.Root!.Elements().Count(element => element.Name.LocalName == "g"));
    }
}
