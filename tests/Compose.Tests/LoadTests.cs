using Slipway.Compose.Files;
using Slipway.Compose.Model;

namespace Slipway.Compose.Tests;

/// <summary>How applications are found, named and put together.</summary>
public sealed class LoadTests : IDisposable
{
    private readonly Sample _sample = new();

    public void Dispose() => _sample.Dispose();

    [Fact]
    public void Variables_come_from_the_client_then_from_env_files()
    {
        _sample.Write(".env", "A=file\nB=file\nexport C='x $A'\nD=\"q\\n${B}\" # note\nE=${UNSET:-e}#x\n");
        Project project = _sample.Load("services: {a: {image: \"$A-$B\", environment: {C: \"${C}\", D: \"${D}\", E: \"${E}\", F: }}}", o => o with { Environment = new Dictionary<string, string> { ["A"] = "client", ["F"] = "f" } });
        Assert.Equal("client-file", project.Service("a").Image);
        Assert.Equal(new Dictionary<string, string> { ["C"] = "x $A", ["D"] = "q\nfile", ["E"] = "e#x", ["F"] = "f" }, project.Service("a").Map.Pairs("environment"));
    }

    [Fact]
    public void Env_files_lie_below_environment()
    {
        _sample.Write("one.env", "A=1\nB=1\nC=1\n");
        _sample.Write("two.env", "B=2\nC='$x'\n# no\n\nD\n");
        _sample.Write("raw.env", "R='a b' # all\n");
        Project project = _sample.Load("services: {a: {image: x, env_file: [one.env, {path: two.env}, {path: gone.env, required: false}, {path: raw.env, format: raw}], environment: {A: 0}}}");
        Assert.Equal(new Dictionary<string, string> { ["A"] = "0", ["B"] = "2", ["C"] = "$x", ["R"] = "'a b' # all" }, project.Service("a").Map.Pairs("environment"));
        Assert.Contains("no such file", _sample.Refusal("services: {a: {image: x, env_file: gone.env}}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Included_files_have_a_directory_and_variables_of_their_own()
    {
        _sample.Write("part/compose.yaml", "services: {b: {image: \"b:${TAG}\", volumes: [\"./d:/d\"]}}\n");
        _sample.Write("part/.env", "TAG=part\n");
        Project project = _sample.Load("include: [part/compose.yaml]\nservices: {a: {image: a, depends_on: [b]}}\n");
        Assert.Equal("b:part", project.Service("b").Image);
        Assert.Equal(Path.Combine(_sample.Directory_, "part/d"), ((Mapping)project.Service("b").Map.Items("volumes")[0]).Text("source"));
        Assert.Contains("what is included has this too", _sample.Refusal("include: [part/compose.yaml]\nservices: {b: {image: other}}\n"), StringComparison.Ordinal);
        _sample.Write("part/loop.yaml", "include: [../compose.yaml]\nservices: {}\n");
        Assert.Contains("includes itself", _sample.Refusal("include: [part/loop.yaml]\nservices: {}\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Extended_services_keep_the_paths_of_their_file()
    {
        _sample.Write("base/common.yaml", "services: {base: {image: x, env_file: v.env, build: ./src, labels: [a=1]}, more: {extends: base, tty: true}}\n");
        _sample.Write("base/v.env", "V=1\n");
        Service service = _sample.Load("services: {a: {extends: {file: base/common.yaml, service: more}, labels: {b: 2}}}").Service("a");
        Assert.Equal(Path.Combine(_sample.Directory_, "base/src"), service.Build.Text("context"));
        Assert.Equal("1", service.Map.Map("environment").Text("V"));
        Assert.Equal(new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" }, service.Labels);
        Assert.True(service.Map.Flag("tty"));
    }

    [Fact]
    public void Files_are_found_above_and_with_their_override()
    {
        _sample.Write("compose.override.yml", "services: {a: {image: over}}\n");
        string below = Directory.CreateDirectory(Path.Combine(_sample.Directory_, "x/y")).FullName;
        Project project = _sample.Load("services: {a: {image: x}}\n", o => o with { WorkingDirectory = below });
        Assert.Equal(("over", "app", 2), (project.Service("a").Image, project.Name, project.Files.Count));
    }

    [Fact]
    public void Profiles_switch_services_on()
    {
        const string Text = "services: {a: {image: x}, b: {image: x, profiles: [p]}, c: {image: x, profiles: [q]}}";
        Assert.Equal(["a"], _sample.Load(Text).Enabled.Order());
        Assert.Equal(["a", "b"], _sample.Load(Text, o => o with { Profiles = ["p"] }).Enabled.Order());
        Assert.Equal(["a", "b", "c"], _sample.Load(Text, o => o with { Profiles = ["*"] }).Enabled.Order());
        Assert.Equal(["a", "c"], _sample.Load(Text, o => o with { Environment = new Dictionary<string, string> { ["COMPOSE_PROFILES"] = "q" } }).Enabled.Order());
    }

    [Fact]
    public void Parts_of_reading_can_be_left_out()
    {
        const string Text = "services: {a: {image: \"x:${T:-${U}}\", command: \"a ${V:?v w}\", build: {args: {A: 1}}, volumes: [\"./d:/d\"], depends_on: [gone]}}";
        List<VariableUse> uses = [];
        Project project = _sample.Load(Text, o => o with { Interpolate = false, Normalize = false, ResolvePaths = false, CheckConsistency = false, Variables = uses.Add });
        Assert.Equal([new("T", false, "${U}", ""), new("U", false, "", ""), new("V", true, "", "")], uses);
        Assert.Equal(("x:${T:-${U}}", "a ${V:?v w}"), (project.Service("a").Image, project.Service("a").Map.Text("command")));
        Assert.Equal("./d", ((Mapping)project.Service("a").Map.Items("volumes")[0]).Text("source"));
        Assert.Equal(_sample.Directory_, _sample.Load("services: {a: {build: {args: {A: 1}}}}").Service("a").Build.Text("context"));
    }

    [Fact]
    public void Names_can_have_underscores()
    {
        Project project = _sample.Load("name: p\nservices: {a: {build: .}}", o => o with { Compatibility = true });
        Assert.Equal(("p_a", "p_a_1"), (Actions.Images.Name(project, project.Service("a")), Plan.ServicePlan.ContainerName(project, project.Service("a"), 1)));
    }

    [Fact]
    public void The_order_of_dependencies_is_kept()
    {
        Project project = _sample.Load("services: {a: {image: x, depends_on: [b, c]}, b: {image: x, links: [c]}, c: {image: x}, d: {image: x}}");
        Assert.Equal(["c", "b", "a"], DependencyOrder.With(project, ["a"], dependencies: true).Select(s => s.Name));
        Assert.Equal(["a"], DependencyOrder.With(project, ["a"], dependencies: false).Select(s => s.Name));
    }
}
