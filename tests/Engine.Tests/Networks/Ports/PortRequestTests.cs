using System.Net;
using Slipway.DockerApi;
using Slipway.Engine.Networks.Ports;

namespace Slipway.Engine.Tests.Networks.Ports;

public sealed class PortRequestTests
{
    private static readonly IPAddress[] s_everywhere = [IPAddress.Any, IPAddress.IPv6Any];

    [Fact]
    public void Bindings_become_requests_with_exact_ports_first()
    {
        var requests = From(new()
        {
            ["80/tcp"] = [Binding("", ""), Binding("127.0.0.1", "8080"), Binding("::1", "8080")],
            ["53/UDP"] = [Binding("", "5353")],
            ["90"] = [Binding("::ffff:192.0.2.1", "8000-8010")],
            ["81/tcp"] = null,
        });
        Assert.Equal(
            [
                "udp 53 0.0.0.0,:: 5353-5353",
                "tcp 80 127.0.0.1,::1 8080-8080",
                "tcp 80 0.0.0.0,:: 0-0",
                "tcp 81 0.0.0.0,:: 0-0",
                "tcp 90 192.0.2.1 8000-8010",
            ],
            requests);
    }

    [Fact]
    public void Publishing_all_adds_what_is_exposed_and_not_named()
    {
        var config = new ContainerConfig { ExposedPorts = new[] { "80/tcp", "7000-7001/udp" }.ToDictionary(port => port, _ => new EmptyObject()) };
        var host = new HostConfig { PublishAllPorts = true, PortBindings = new Dictionary<string, IReadOnlyList<PortBinding>?> { ["80/tcp"] = [Binding("", "8080")] } };
        Assert.Equal(
            ["tcp 80 0.0.0.0,:: 8080-8080", "udp 7000 0.0.0.0,:: 0-0", "udp 7001 0.0.0.0,:: 0-0"], PortRequest.From(config, host, s_everywhere).Select(Text));
    }

    [Fact]
    public void The_same_binding_twice_is_one() =>
        Assert.Equal(["tcp 80 0.0.0.0,:: 8080-8080"], From(new() { ["80/tcp"] = [Binding("", "8080"), Binding("0.0.0.0", "8080")] }));

    private static PortBinding Binding(string address, string port) => new() { HostIp = address, HostPort = port };

    private static IEnumerable<string> From(Dictionary<string, IReadOnlyList<PortBinding>?> bindings) =>
        PortRequest.From(new ContainerConfig(), new HostConfig { PortBindings = bindings }, s_everywhere).Select(Text);

    private static string Text(PortRequest request) => $"{request.Protocol} {request.ContainerPort} {string.Join(',', request.HostAddresses)} {request.First}-{request.Last}";
}
