using System.Text.Json;
using System.Text.Json.Nodes;

namespace Slipway.Oci.Tests;

public sealed class RuntimeSpecTests
{
    [Fact]
    public void ReadsAndWritesWhatRuncGenerates()
    {
        const string Text = """
            {"ociVersion":"1.0.2","process":{"terminal":true,"consoleSize":{"height":24,"width":80},
              "user":{"uid":0,"gid":0,"additionalGids":[1]},"args":["sh"],"env":["A=b"],"cwd":"/",
              "capabilities":{"bounding":["CAP_KILL"]},"rlimits":[{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":1024}],
              "noNewPrivileges":true,"oomScoreAdj":-5},
             "root":{"path":"rootfs","readonly":true},"hostname":"h",
             "mounts":[{"destination":"/proc","type":"proc","source":"proc"}],
             "linux":{"resources":{"devices":[{"allow":false,"access":"rwm"}],"memory":{"limit":1,"disableOOMKiller":true,"kernelTCP":2},
                "blockIO":{"throttleReadIOPSDevice":[{"major":8,"minor":0,"rate":5}]},"unified":{"memory.high":"1"}},
               "namespaces":[{"type":"pid"},{"type":"network","path":"/proc/1/ns/net"}],
               "uidMappings":[{"containerID":0,"hostID":1000,"size":1}],"maskedPaths":["/proc/kcore"],
               "seccomp":{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,
                 "syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]}}}
            """;

        var spec = JsonSerializer.Deserialize(Text, RuntimeJson.Canonical.RuntimeSpec);
        var written = JsonSerializer.Serialize(spec, RuntimeJson.Canonical.RuntimeSpec);

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Text), JsonNode.Parse(written)), written);
    }
}
