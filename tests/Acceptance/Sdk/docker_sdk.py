"""Docker's SDK for Python against the socket named in the first argument: prints "ok" when all it sees is as Docker shows it."""
import io
import sys
import tarfile
import time

import docker

client = docker.DockerClient(base_url="unix://" + sys.argv[1])
containers = client.containers


def equal(expected, actual):
    assert expected == actual, f"expected {expected!r}, got {actual!r}"


def refused(status, text, action):
    try:
        action()
    except docker.errors.APIError as error:
        equal(status, error.response.status_code)
        assert text in error.explanation, error.explanation
    else:
        raise AssertionError("not refused: " + text)


def archive(name, content):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return out.getvalue()


equal(b"hi\n", containers.run("busybox", "echo hi", remove=True))
box = containers.run("busybox", ["sh", "-c", "sleep 1000"], detach=True, name="sdk", environment={"A": "b"}, ports={"80/tcp": None},
                  labels={"sdk": "1"}, mem_limit="64m", volumes={"sdk-volume": {"bind": "/v", "mode": "rw"}}, init=True)
box.reload()
equal("running", box.status)
assert int(box.ports["80/tcp"][0]["HostPort"]) > 0
equal([box.id], [found.id for found in containers.list(filters={"label": "sdk=1"})])

equal((0, (b"out\n", b"err\n")), tuple(box.exec_run(["sh", "-c", "echo out; echo err >&2"], demux=True)))
equal(3, box.exec_run(["sh", "-c", "exit 3"]).exit_code)
equal([b"streamed\n"], list(box.exec_run("echo streamed", stream=True).output))
stream = box.exec_run("cat", stdin=True, socket=True).output
stream._sock.sendall(b"x\n")
stream._sock.shutdown(1)
equal(b"\x01\0\0\0\0\0\0\x02x\n", stream.read(100))
stream.close()

assert box.put_archive("/v", archive("f", b"abc"))
chunks, stat = box.get_archive("/v/f")
equal(("f", 3), (stat["name"], stat["size"]))
with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
    equal(b"abc", tar.extractfile("f").read())

assert box.stats(stream=False)["memory_stats"]["usage"] > 0
assert len(box.top()["Processes"]) >= 2
box.pause()
box.reload()
equal("paused", box.status)
box.unpause()
box.rename("sdk-renamed")
box.update(mem_limit="70m", memswap_limit="140m")
box.restart(timeout=0)
box.reload()
equal(70 << 20, box.attrs["HostConfig"]["Memory"])
assert len(b"".join(box.export())) > 100000

image = box.commit("sdk-image", "t1")
assert image.tag("sdk-other/x", "y")
equal(["sdk-image:t1", "sdk-other/x:y"], sorted(client.images.get("sdk-image:t1").tags))
built, lines = client.images.build(fileobj=io.BytesIO(b"FROM busybox\nRUN echo made >/made\nCMD cat /made"), tag="sdk-built")
assert any("Successfully tagged sdk-built:latest" in line.get("stream", "") for line in lines)
equal(b"made\n", containers.run("sdk-built", remove=True))
saved = b"".join(built.save(named=True))
client.images.remove("sdk-built")
equal([["sdk-built:latest"]], [loaded.tags for loaded in client.images.load(saved)])

pool = docker.types.IPAMPool(subnet=sys.argv[2] + ".0/24")
network = client.networks.create("sdk-network", driver="bridge", ipam=docker.types.IPAMConfig(pool_configs=[pool]))
network.connect(box, aliases=["alias"], ipv4_address=sys.argv[2] + ".9")
network.reload()
equal(["sdk-renamed"], [member.name for member in network.containers])
refused(403, "has active endpoints", network.remove)
network.disconnect(box)
network.remove()

box.kill()
equal(137, box.wait()["StatusCode"])
box.remove()
actions = [event["Action"] for event in client.events(since=1, until=int(time.time()) + 1, filters={"container": box.id}, decode=True)]
equal(["destroy"], actions[-1:])
for name in ("sdk-image:t1", "sdk-other/x:y", "sdk-built"):
    client.images.remove(name)
equal(["sdk-volume"], [volume.name for volume in client.volumes.list(filters={"name": "sdk-volume"})])
client.volumes.get("sdk-volume").remove()

refused(404, "No such container: no-such", lambda: client.containers.get("no-such"))
refused(400, "executable file not found", lambda: containers.run("busybox", "no-such-program", name="sdk-left-1"))
refused(409, "is already in use", lambda: [containers.create("busybox", name="sdk-left-2") for _ in "12"])
for left in containers.list(all=True, filters={"name": "sdk-left"}):
    left.remove()
print("ok")
