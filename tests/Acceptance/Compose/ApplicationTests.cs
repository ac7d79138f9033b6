using Slipway.Acceptance.Fixture;
using Slipway.Faults.Fixture;

namespace Slipway.Acceptance.Compose;

/// <summary>Applications run as their files say.</summary>
[Collection(ComposeCollection.Name)]
public sealed class ApplicationTests(EngineRoom room)
{
    [Fact]
    public async Task Secrets_and_configs_are_where_they_belong()
    {
        await using Application app = new(room, """
            services:
              a:
                image: busybox
                command: sleep 1000
                stop_grace_period: 0s
                secrets: [file, {source: variable, target: other, mode: 0400, uid: "5"}]
                configs: [{source: text, target: /etc/app/conf}, file]
            secrets: {file: {file: ./s.txt}, variable: {environment: NAME}}
            configs: {text: {content: "name=${NAME}\n"}, file: {file: ./s.txt}}
            """);
        app.Write("s.txt", "from a file");
        app.Write(".env", "NAME=from-env\n");
        (await app.Compose("up", "-d", "--wait")).Ok();
        string script = "cat /run/secrets/file; echo; cat /run/secrets/other; echo; cat /etc/app/conf /file; echo; stat -c '%a %u' /run/secrets/other";
        Assert.Equal("from a file\nfrom-env\nname=from-env\nfrom a file\n400 5", (await app.Compose("exec", "-T", "a", "sh", "-c", script)).Ok());
    }

    [Fact]
    public async Task Services_wait_for_what_they_need()
    {
        await using Application app = new(room, """
            services:
              last:
                image: busybox
                command: sh -c 'cat /d/*; exec sleep 1000'
                stop_grace_period: 0s
                volumes: ["d:/d"]
                depends_on: {once: {condition: service_completed_successfully}, healthy: {condition: service_healthy}}
              once: {image: busybox, command: "sh -c 'sleep 0.5; echo once > /d/once'", volumes: ["d:/d"]}
              healthy:
                image: busybox
                command: sh -c 'sleep 0.5; echo healthy > /d/healthy; exec sleep 1000'
                stop_grace_period: 0s
                volumes: ["d:/d"]
                healthcheck: {test: test -e /d/healthy, interval: 200ms, retries: 50}
              never: {image: busybox, command: "false"}
              blocked: {image: busybox, profiles: [blocked], depends_on: {never: {condition: service_completed_successfully}}}
              missing: {image: busybox, command: sleep 1000, stop_grace_period: 0s, depends_on: {nothing: {condition: service_started, required: false}}}
            volumes: {d: }
            """);
        (await app.Compose("up", "-d", "last", "missing")).Ok();
        Assert.Equal("healthy\nonce", (await app.Compose("logs", "--no-log-prefix", "last")).Ok());
        Outcome blocked = await app.Compose("--profile", "blocked", "up", "-d", "blocked");
        Assert.Equal(1, blocked.Code);
        Assert.Contains("service \"never\" didn't complete successfully: exit 1", blocked.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Profiles_scale_and_orphans()
    {
        await using Application app = new(room, """
            services:
              a: {image: busybox, command: sleep 1000, stop_grace_period: 0s, scale: 2}
              b: {image: busybox, command: sleep 1000, stop_grace_period: 0s, profiles: [debug]}
            """);
        (await app.Compose("up", "-d")).Ok();
        Assert.Equal("a a", (await app.Compose("ps", "--format", "{{.Service}}")).Ok().Replace('\n', ' '));
        (await app.Compose("--profile", "debug", "up", "-d", "--scale", "a=1")).Ok();
        Assert.Equal("a b", (await app.Compose("ps", "--format", "{{.Service}}")).Ok().Replace('\n', ' '));
        app.Write("compose.yaml", "services: {c: {image: busybox, command: sleep 1000, stop_grace_period: 0s}}");
        Assert.Contains("Found orphan containers", (await app.Compose("up", "-d")).Error, StringComparison.Ordinal);
        (await app.Compose("up", "-d", "--remove-orphans")).Ok();
        Assert.Equal("c", (await app.Compose("ps", "--services")).Ok());
    }

    [Fact]
    public async Task The_foreground_shows_output_and_takes_over_the_exit_code()
    {
        await using Application app = new(room, """
            services:
              job: {image: busybox, command: "sh -c 'echo working; sleep 0.3; echo done >&2; exit 3'"}
              rest: {image: busybox, command: "sh -c 'echo resting; exec sleep 1000'", stop_grace_period: 0s}
            """);
        Outcome outcome = await app.Compose("up", "--exit-code-from", "job");
        Assert.Equal(3, outcome.Code);
        Assert.Contains("job-1   | working\n", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("job-1   | done\n", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("rest-1  | resting\n", outcome.Output, StringComparison.Ordinal);
        Assert.Contains("job-1 exited with code 3\n", outcome.Output, StringComparison.Ordinal);
        Assert.Equal("", (await app.Compose("ps", "-q")).Ok());
    }

    [Fact]
    public async Task The_user_stops_the_foreground()
    {
        await using Application app = new(room, "services: {a: {image: busybox, command: \"sh -c 'echo up; exec sleep 1000'\", stop_grace_period: 0s}}");
        using CommandLine command = app.Start("up");
        await Wait.UntilAsync("it is up", () => Task.FromResult(command.Output.Contains("a-1  | up", StringComparison.Ordinal)));
        Tool.Run("kill", "-INT", command.Process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Outcome outcome = await command.EndAsync();
        Assert.Equal(130, outcome.Code);
        Assert.Contains("Gracefully stopping", outcome.Error, StringComparison.Ordinal);
        Assert.Equal("exited", (await app.Compose("ps", "-a", "--format", "{{.State}}")).Ok());
    }

    [Fact]
    public async Task One_command_runs_beside_the_service()
    {
        await using Application app = new(room, """
            services:
              tool: {image: busybox, entrypoint: [sh, -c], command: ["echo usual"], environment: {A: "1"}, depends_on: [db], profiles: [tools]}
              db: {image: busybox, command: sleep 1000, stop_grace_period: 0s}
            """);
        Outcome outcome = await app.Compose("run", "--rm", "-T", "-e", "B=2", "-v", $"{app.Directory}:/here:ro", "tool", "echo $A $B; ls /here; ping -c 1 -W 2 db >/dev/null && exit 7");
        Assert.Equal((7, "1 2\ncompose.yaml\n"), (outcome.Code, outcome.Output));
        Assert.Equal([$"{app.Name}-db-1"], (await app.Containers()).Keys);
    }

    [Fact]
    public async Task Images_are_built_and_containers_follow_them()
    {
        await using Application app = new(room, """
            services:
              a:
                build: {context: ., args: {WORD: hello}, dockerfile_inline: "FROM busybox\nARG WORD\nCOPY f /f\nRUN echo $$WORD >> /f\nCMD [\"sh\", \"-c\", \"cat /f; exec sleep 1000\"]\n"}
                stop_grace_period: 0s
            """);
        app.Write("f", "one\n");
        (await app.Compose("up", "-d")).Ok();
        string first = (await app.Containers())[$"{app.Name}-a-1"];
        await Wait.UntilAsync("it has spoken", async () => (await app.Compose("logs", "--no-log-prefix")).Ok() == "one\nhello");
        app.Write("f", "two\n");
        (await app.Compose("up", "-d")).Ok();
        Assert.Equal(first, (await app.Containers())[$"{app.Name}-a-1"]);
        (await app.Compose("up", "-d", "--build")).Ok();
        Assert.NotEqual(first, (await app.Containers())[$"{app.Name}-a-1"]);
        (await app.Compose("down", "--rmi", "local", "-t", "0")).Ok();
        Assert.Equal("", (await room.Docker("images", "-q", $"{app.Name}-a")).Ok());
    }

    [Fact]
    public async Task Builds_have_secrets_contexts_and_images_of_other_services()
    {
        await using Application app = new(room, """
            services:
              base: {image: "${COMPOSE_PROJECT_NAME}-the-base", build: {dockerfile_inline: "FROM busybox\nRUN echo base > /b\n"}, profiles: [never]}
              app:
                build:
                  args: {A: word, B: }
                  secrets: [file, {source: variable, target: other}]
                  additional_contexts: {extra: ./extra, par: "service:base"}
                  extra_hosts: ["somehost=1.2.3.4"]
                  ulimits: {nofile: 777}
                  shm_size: 32m
                  network: none
                  tags: ["${COMPOSE_PROJECT_NAME}-app:more"]
                  dockerfile_inline: |
                    FROM par
                    ARG A
                    COPY --from=extra f /f
                    RUN --mount=type=secret,id=file --mount=type=secret,id=other cat /run/secrets/file /run/secrets/other > /s && echo $$A > /a && grep -o somehost /etc/hosts > /h && ulimit -n > /n && df -k /dev/shm | awk 'NR==2 {print $$2}' > /m
                command: cat /b /f /s /a /h /n /m
              fails: {build: {dockerfile_inline: "FROM busybox\nRUN echo told && exit 3\n"}, profiles: [fails]}
              keyed: {build: {ssh: ["default=./key"], platforms: [linux/amd64], dockerfile_inline: "FROM --platform=linux/amd64 busybox\nRUN --mount=type=ssh test -S $$SSH_AUTH_SOCK\n"}, profiles: [keyed]}
            secrets: {file: {file: ./secret}, variable: {environment: VARIABLE}}
            """);
        app.Write(".env", "VARIABLE=from-env\n");
        app.Write("secret", "from-file\n");
        Directory.CreateDirectory(Path.Combine(app.Directory, "extra"));
        app.Write("extra/f", "extra\n");
        (await app.Compose("build", "--quiet")).Ok();
        Assert.Equal("base\nextra\nfrom-file\nfrom-envword\nsomehost\n777\n32768", (await app.Compose("run", "--rm", "-T", "app")).Ok());
        Assert.Equal(app.Name, await room.Inspect($"{app.Name}-app:more", "{{index .Config.Labels \"com.docker.compose.project\"}}"));
        using (CommandLine keys = CommandLine.Start("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", Path.Combine(app.Directory, "key")], app.Directory))
        {
            (await keys.EndAsync()).Ok();
        }

        Outcome keyed = await app.Compose("build", "--progress", "plain", "keyed");
        keyed.Ok();
        Assert.Contains("keyed #", keyed.Error, StringComparison.Ordinal);
        Outcome failed = await app.Compose("build", "fails");
        Assert.Equal(17, failed.Code);
        Assert.Matches("(?m)^fails #[0-9]+ [0-9.]+ told$", failed.Error);
    }

    [Fact]
    public async Task States_change_by_command()
    {
        await using Application app = new(room, """
            services:
              a: {image: busybox, command: sleep 1000, stop_grace_period: 0s, ports: ["127.0.0.1::80"]}
            """);
        async Task<string> State() => (await app.Compose("ps", "-a", "--format", "{{.State}}")).Ok();
        (await app.Compose("create")).Ok();
        Assert.Equal("created", await State());
        (await app.Compose("start")).Ok();
        Assert.StartsWith("127.0.0.1:", (await app.Compose("port", "a", "80")).Ok(), StringComparison.Ordinal);
        (await app.Compose("pause")).Ok();
        Assert.Equal("paused", await State());
        (await app.Compose("unpause")).Ok();
        (await app.Compose("cp", Path.Combine(app.Directory, "compose.yaml"), "a:/f")).Ok();
        Assert.Contains("services:", (await app.Compose("exec", "-T", "a", "cat", "/f")).Ok(), StringComparison.Ordinal);
        Assert.Contains("sleep 1000", (await app.Compose("top")).Ok(), StringComparison.Ordinal);
        Assert.Contains(app.Name, (await app.Compose("ls")).Ok(), StringComparison.Ordinal);
        (await app.Compose("restart", "-t", "0")).Ok();
        (await app.Compose("kill")).Ok();
        Assert.Equal("exited", await State());
        (await app.Compose("rm", "-f")).Ok();
        Assert.Equal("", await State());
    }
}
