using Slipway.BuildClient;
using Slipway.Cli.Options;
using Slipway.Cli.Output.Builds;
using Slipway.Client;

namespace Slipway.Cli.Verbs.Builds;

/// <summary><c>build</c>: an image, or files, from a Dockerfile.</summary>
internal static class BuildVerb
{
    // What BuildKit's API has no words for.
    private static readonly string[] s_classicOnly = ["check", "graph", "squash", "isolation", "security-opt"];

    public static Verb Build() => new("PATH | URL | -", Flags(), RunAsync) { MinArguments = 1, MaxArguments = 1, Completes = Candidates.Files };

    private static FlagTable Flags() => Limits(new FlagTable()
        .List("add-host", "Line in /etc/hosts (host:ip)").List("allow", "Allow what is privileged (network.host)").List("annotation", "Annotation of the image")
        .List("attest", "Attestation (type=sbom, type=provenance)").List("build-arg", "Set a variable of the build")
        .List("build-context", "Further context (name=PATH, URL, docker-image://NAME)").Strings("cache-from", "Where cache is taken from (NAME, type=registry,ref=NAME, type=local,src=PATH)")
        .List("cache-to", "Where cache is written to (type=inline, type=registry,ref=NAME, type=local,dest=PATH)")
        .String("call", "Only answer a question (check, outline, targets)")
        .String("file", 'f', "Name of the Dockerfile (PATH/Dockerfile unless told otherwise)").Bool("check", "Only say what is wrong with the Dockerfile")
        .String("graph", "Only print the build's graph (text, svg)").Bool("force-rm", "Always remove intermediate containers")
        .String("iidfile", "Write the image's ID to a file").String("isolation", "Technology of isolation").List("label", "Set a label of the image")
        .Bool("load", "The same as --output=type=docker").String("metadata-file", "Write what is known of the result to a file as JSON")
        .String("network", "Network of RUN", "default").Bool("no-cache", "Do not use the cache").Strings("no-cache-filter", "Do not use the cache for these stages")
        .List("output", 'o', "Where the result goes (PATH, type=local,dest=PATH, type=tar, oci, docker, image, registry)").Strings("platform", "Platform to build for (os/arch[/variant])")
        .String("progress", "How progress is shown (auto, plain, tty, rawjson, quiet)", "auto").String("provenance", "The same as --attest=type=provenance")
        .Bool("pull", "Always look for a newer base image").Bool("push", "The same as --output=type=registry").Bool("quiet", 'q', "Only print the image's ID")
        .Bool("rm", "Remove intermediate containers after success", value: true).String("sbom", "The same as --attest=type=sbom")
        .List("secret", "Secret for RUN (id=ID[,src=PATH][,env=NAME])").Strings("security-opt", "Option of security").Bool("squash", "Make one layer of the new ones")
        .List("ssh", "Agent or keys for RUN (default, ID=SOCKET, ID=KEY[,KEY])").List("tag", 't', "Name of the image (name:tag)").String("target", "Stage to build")
        .Add(new Flag("compress", '\0', FlagKind.Bool, "Pack the context: it is sent as it is", "true") { Hidden = true }));

    private static FlagTable Limits(FlagTable table) => table
        .String("cgroup-parent", "Cgroup below which RUN runs").Int("cpu-period", "Period of the CPU limit in microseconds").Int("cpu-quota", "CPU time per period in microseconds")
        .Int("cpu-shares", 'c', "Weight of CPU time").String("cpuset-cpus", "CPUs that may be used (0-3, 0,1)").String("cpuset-mems", "Memory nodes that may be used (0-3, 0,1)")
        .Bytes("memory", 'm', "Limit of memory").Bytes("memory-swap", "Limit of memory and swap together; -1 for unlimited swap").Bytes("shm-size", "Size of /dev/shm")
        .Add(new Flag("ulimit", '\0', FlagKind.List, "Limit of processes (name=soft[:hard])") { Label = "ulimit" });

    private static async Task<int> RunAsync(Invocation call)
    {
        if (s_classicOnly.Any(call.Flags.Has) || Environment.GetEnvironmentVariable("DOCKER_BUILDKIT") == "0")
        {
            return await ClassicBuild.RunAsync(call);
        }

        await using BuildInput input = await BuildInput.OpenAsync(call);
        BuildOrder order = BuildFlags.Order(call, input);
        if (call.Flags.StringOrNull("call") is { } question and not "build")
        {
            return await BuildQuestion.AskAsync(call, order, question);
        }

        using BuildDisplay display = BuildDisplay.For(call.Flags.Bool("quiet") ? "quiet" : call.Flags.String("progress"), call.Error, call.Time);
        BuildOutcome outcome;
        try
        {
            outcome = await new BuildRun(call.Engine).RunAsync(order, display.Show);
        }
        catch (BuildFailedException e)
        {
            display.Fail(e);
            return 1;
        }

        catch (EngineApiException e) when (e.StatusCode == 404 && input.Stream is null)
        {
            // An engine without BuildKit's API.
            return await ClassicBuild.RunAsync(call);
        }

        display.End();
        await TellAsync(call, outcome);
        return 0;
    }

    private static async Task TellAsync(Invocation call, BuildOutcome outcome)
    {
        string id = outcome.Told.GetValueOrDefault("containerimage.config.digest") ?? outcome.Told.GetValueOrDefault("containerimage.digest") ?? "";
        if (call.Flags.Bool("quiet") && id.Length > 0)
        {
            await call.Out.WriteLineAsync(id);
        }

        if (call.Flags.StringOrNull("iidfile") is { } file)
        {
            await File.WriteAllTextAsync(file, id);
        }

        if (call.Flags.StringOrNull("metadata-file") is { } metadata)
        {
            await File.WriteAllTextAsync(metadata, BuildMetadata.Write(outcome));
        }
    }
}
