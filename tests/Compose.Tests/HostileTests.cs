namespace Slipway.Compose.Tests;

/// <summary>Files that mean harm, or are merely wrong, are refused with the place and the reason.</summary>
public sealed class HostileTests : IDisposable
{
    private readonly Sample _sample = new();

    public void Dispose() => _sample.Dispose();

    [Theory]
    [InlineData("services:\n  a:\n    imgae: x\n", "compose.yaml:3:5: services.a.imgae: unknown key; did you mean \"image\"?")]
    [InlineData("services:\n  a:\n    image: x\n    deploy:\n      resorces: {}\n", "compose.yaml:5:7: services.a.deploy.resorces: unknown key; did you mean \"resources\"?")]
    [InlineData("services:\n  a:\n    image: [x]\n", "compose.yaml:3:12: services.a.image: must be a string, and this is a list")]
    [InlineData("services:\n  a:\n    image: x\n    network_mode: host\n    networks: [n]\nnetworks: {n: }\n", "compose.yaml:4:19: services.a.network_mode: cannot be there together with networks")]
    [InlineData("services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a]}\n", "compose.yaml:3:30: services.b.depends_on: dependency cycle detected: a -> b -> a")]
    [InlineData("services:\n  a: {image: x, depends_on: [bb]}\n  bc: {image: x}\n", "compose.yaml:2:30: services.a.depends_on: refers to undefined service bb; did you mean \"bc\"?")]
    [InlineData("services:\n  a: {image: x, volumes: [\"v:/v\"]}\n", "compose.yaml:2:27: services.a.volumes: refers to undefined volume v")]
    [InlineData("services:\n  a: {image: \"${A:?who}\"}\n", "compose.yaml:2:14: services.a.image: required variable A is missing a value: who")]
    [InlineData("services:\n  a: {image: \"${A\"}\n", "compose.yaml:2:14: services.a.image: invalid interpolation at \"${A\" (write $$ for a dollar sign)")]
    [InlineData("services:\n  a: {image: x, ports: [\"1:2:3:4\"]}\n", "compose.yaml:2:25: services.a.ports[0]: \"1:2:3:4\" is no port: 1:2 is no address")]
    [InlineData("services:\n  a: {image: x, extends: {service: a}}\n", "services extend each other in a circle")]
    [InlineData("services:\n  a: {image: x}\n  a: {image: y}\n", "compose.yaml:3:3: a: this key is there twice")]
    [InlineData("x: &a [*a]\n", "the anchor \"a\" contains itself")]
    [InlineData("x-l: &l [1]\nservices:\n  a:\n    <<: *l\n    image: x\n", "compose.yaml:4:5: <<: only mappings can be merged into a mapping, and this is a list")]
    [InlineData("services: {a: {image: x, provider: {type: y}}}\n", "this engine serves containers only")]
    [InlineData("services: {a: {}}\n", "has neither an image nor a build context specified")]
    [InlineData("services: {a: !!python/object {image: x}}\n", "is not known")]
    [InlineData("services: [a\n", "this is no YAML")]
    public void What_is_wrong_is_named(string text, string message) => Assert.Contains(message, _sample.Refusal(text), StringComparison.Ordinal);

    [Fact]
    public void An_alias_bomb_is_counted()
    {
        string bomb = "x-a0: &a0 [1,1,1,1,1,1,1,1,1]\n" + string.Concat(Enumerable.Range(1, 12).Select(i => $"x-a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 9))}]\n"));
        Assert.Contains("values, anchors counted where they are used", _sample.Refusal(bomb + "services: {a: {image: x}}\n"), StringComparison.Ordinal);
    }

    [Fact]
    public void Ten_thousand_levels_are_too_many()
    {
        Assert.Contains("nested deeper than 64", _sample.Refusal("x-a: " + new string('[', 10_000) + new string(']', 10_000)), StringComparison.Ordinal);
        Assert.Contains("variables are nested deeper", _sample.Refusal($"services: {{a: {{image: \"{string.Concat(Enumerable.Repeat("${A:-", 10_000))}{new string('}', 10_000)}\"}}}}"), StringComparison.Ordinal);
    }

    [Fact]
    public void Variables_cannot_blow_text_up()
    {
        string big = new('x', 60_000);
        string image = string.Concat(Enumerable.Repeat("${A}", 2_000));
        Assert.Contains("too long", _sample.Refusal($"services: {{a: {{image: \"{image}\"}}}}", o => o with { Environment = new Dictionary<string, string> { ["A"] = big } }), StringComparison.Ordinal);
        _sample.Write(".env", "A=" + new string('a', 1000) + "\n" + string.Concat(Enumerable.Range(1, 20).Select(i => $"A{i}=" + string.Concat(Enumerable.Repeat(i == 1 ? "${A}" : $"${{A{i - 1}}}", 10)) + "\n")));
        Assert.Contains(".env:", _sample.Refusal("services: {a: {image: x}}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("services: {a: {image: x, env_file: ../secret}}")]
    [InlineData("services: {a: {image: x, env_file: /etc/passwd}}")]
    [InlineData("services: {a: {image: x, env_file: link}}")]
    [InlineData("services: {a: {image: x, env_file: inner/../../secret}}")]
    [InlineData("services: {a: {extends: {file: ../other.yaml, service: a}}}")]
    [InlineData("include: [../other.yaml]\nservices: {}")]
    [InlineData("services: {a: {image: x, label_file: dirlink/secret}}")]
    public void Nothing_outside_of_the_directory_is_read(string text)
    {
        _sample.Write("../secret", "S=1\n");
        _sample.Write("../other.yaml", "services: {a: {image: x}}\n");
        File.CreateSymbolicLink(Path.Combine(_sample.Directory_, "link"), "../secret");
        File.CreateSymbolicLink(Path.Combine(_sample.Directory_, "dirlink"), "..");
        Assert.Contains("is outside of the project directory", _sample.Refusal(text), StringComparison.Ordinal);
        if (!text.Contains("/etc", StringComparison.Ordinal))
        {
            Assert.NotNull(_sample.Load(text, o => o with { AllowOutside = true }));
        }
    }

    [Fact]
    public void An_untrusted_file_has_no_volumes_and_networks_of_others()
    {
        foreach (string text in new[] { "volumes: {v: {driver_opts: {type: none, o: bind, device: /}}}", "volumes: {v: {external: true}}", "networks: {n: {driver: macvlan}}" })
        {
            Assert.Contains("compose.yaml:2:", _sample.Refusal("services: {a: {image: x}}\n" + text, o => o with { Untrusted = true }), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_link_to_elsewhere_is_no_file_of_variables()
    {
        _sample.Write("../secret", "S=1\n");
        File.CreateSymbolicLink(Path.Combine(_sample.Directory_, ".env"), "../secret");
        Assert.Contains("is outside of the project directory", _sample.Refusal("services: {a: {image: x}}"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("privileged: true")]
    [InlineData("devices: [/dev/sda]")]
    [InlineData("network_mode: host")]
    [InlineData("pid: host")]
    [InlineData("cap_add: [SYS_ADMIN]")]
    [InlineData("security_opt: [seccomp=unconfined]")]
    [InlineData("volumes: [\"/:/host\"]")]
    [InlineData("volumes: [\"../x:/host\"]")]
    [InlineData("volumes_from: [\"container:x\"]")]
    [InlineData("build: {context: ., dockerfile: ../../etc/shadow}")]
    [InlineData("build: {context: ., network: host}")]
    [InlineData("build: {context: ., additional_contexts: {x: ../y}}")]
    [InlineData("develop: {watch: [{path: /etc, action: sync, target: /x}]}")]
    [InlineData("post_start: [{command: x, privileged: true}]")]
    public void An_untrusted_file_cannot_reach_the_host(string key)
    {
        string text = $"services:\n  a:\n    image: x\n    {key}\n";
        Assert.NotNull(_sample.Load(text));
        Assert.Contains("compose.yaml:4:", _sample.Refusal(text, o => o with { Untrusted = true }), StringComparison.Ordinal);
    }
}
