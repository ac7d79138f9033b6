using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Slipway.Linux.Native;
using static Slipway.Linux.RouteNumbers;

namespace Slipway.Linux;

/// <summary>
/// Links, addresses, routes and neighbours of one network namespace (rtnetlink(7)), for as long as this is open and from any thread; calls
/// take turns. Like every socket it keeps its namespace alive, with all links in it, until it is closed.
/// </summary>
public sealed class Rtnetlink : IDisposable
{
    private readonly NetlinkSocket socket;

    private Rtnetlink(NetlinkSocket socket) => this.socket = socket;

    /// <summary>For the namespace of the calling thread.</summary>
    public static Rtnetlink Open() => new(new NetlinkSocket(NetlinkCalls.RouteProtocol));

    /// <summary>For that namespace.</summary>
    public static Rtnetlink OpenIn(SafeFileHandle netns) => NetworkNamespace.RunIn(netns, Open);

    /// <summary>Closes the socket.</summary>
    public void Dispose() => socket.Dispose();

    /// <summary>Has all requests done, in their order and in one call of the kernel, and throws for the first that failed.</summary>
    /// <exception cref="LinuxException">A request was refused; the message has the kernel's explanation. Others may have been done.</exception>
    public void Apply(RouteBatch batch)
    {
        foreach (var failure in socket.Exchange(batch.Writer))
        {
            var (call, what, tolerated) = batch[failure.Request];
            if (failure.Errno != tolerated)
            {
                throw new LinuxException(call, what, failure.Errno, failure.Text);
            }
        }
    }

    /// <summary>The link of that name or number, or null.</summary>
    public LinkInfo? FindLink(LinkId link)
    {
        var request = new NetlinkWriter().Begin(GetLink, 0, RouteBatch.Raw(new RouteBatch.LinkHeader { Index = link.Index }));
        if (link.Index == 0)
        {
            request.Add(LinkName, link.Name ?? "");
        }

        LinkInfo? found = null;
        var failures = socket.Exchange(request, (type, content) => found = type == NewLink ? LinkInfo.Parse(content) : found);
        return failures switch
        {
            [] or [{ Errno: Errno.NoDevice }] => found,
            [var refused, ..] => throw new LinuxException("find link", link.ToString(), refused.Errno, refused.Text),
        };
    }

    /// <summary>All links, or the ports of one bridge.</summary>
    public IReadOnlyList<LinkInfo> ListLinks(int master = 0)
    {
        var request = new NetlinkWriter().Begin(GetLink, NetlinkWriter.Dump, RouteBatch.Raw(default(RouteBatch.LinkHeader)));
        if (master != 0)
        {
            request.Add(LinkMaster, master);
        }

        return List(request, "links", NewLink, 16, LinkInfo.Parse);
    }

    /// <summary>All addresses, or those of one link.</summary>
    public IReadOnlyList<AddressInfo> ListAddresses(int link = 0) =>
        List(
            new NetlinkWriter().Begin(GetAddress, NetlinkWriter.Dump, RouteBatch.Raw(new RouteBatch.AddressHeader { Index = link })),
            "addresses",
            NewAddress,
            8,
            ParseAddress).OfType<AddressInfo>().ToList();

    /// <summary>The unicast routes of the main table, of both protocols.</summary>
    public IReadOnlyList<RouteInfo> ListRoutes() =>
        new[] { InterNetwork, InterNetworkV6 }
            .SelectMany(family => List(
                new NetlinkWriter().Begin(GetRoute, NetlinkWriter.Dump, RouteBatch.Raw(new RouteBatch.RouteHeader { Family = family })),
                "routes",
                NewRoute,
                12,
                ParseRoute))
            .OfType<RouteInfo>()
            .ToList();

    private delegate T Parser<T>(ReadOnlySpan<byte> content);

    private List<T> List<T>(NetlinkWriter request, string what, int answer, int shortest, Parser<T> parse)
    {
        var found = new List<T>();
        socket.Dump(
            request,
            what,
            (type, content) =>
            {
                if (type == answer && content.Length >= shortest)
                {
                    found.Add(parse(content));
                }
            },
            found.Clear);
        return found;
    }

    private static AddressInfo? ParseAddress(ReadOnlySpan<byte> content)
    {
        var header = MemoryMarshal.Read<RouteBatch.AddressHeader>(content);
        IPAddress? address = null;
        string? label = null;
        for (var a = new NetlinkAttributes(content[8..]); a.Next();)
        {
            // On a link with two ends the local address is what counts, and IPv6 has only the other one.
            address = a.Type == AddressLocal || (a.Type == AddressRemote && address is null) ? ToAddress(a.Value) ?? address : address;
            label = a.Type == AddressLabel ? a.Text : label;
        }

        return address is null ? null : new AddressInfo(header.Index, address, header.PrefixLength, label);
    }

    private static RouteInfo? ParseRoute(ReadOnlySpan<byte> content)
    {
        var header = MemoryMarshal.Read<RouteBatch.RouteHeader>(content);
        if (header.Table != TableMain || header.Type != TypeUnicast)
        {
            return null;
        }

        var everything = header.Family == InterNetwork ? IPAddress.Any : IPAddress.IPv6Any;
        var route = new RouteInfo(new IPNetwork(everything, 0)) { OnLink = (header.Flags & RouteOnLink) != 0 };
        for (var a = new NetlinkAttributes(content[12..]); a.Next();)
        {
            route = a.Type switch
            {
                RouteDestination => route with { Destination = new IPNetwork(ToAddress(a.Value) ?? everything, header.DestinationLength) },
                RouteGateway => route with { Gateway = ToAddress(a.Value) },
                RouteInterface => route with { Link = a.Number },
                RoutePriority => route with { Metric = a.Number },
                RouteSource => route with { Source = ToAddress(a.Value) },
                _ => route,
            };
        }

        return route;
    }

    private static IPAddress? ToAddress(ReadOnlySpan<byte> raw) => raw.Length is 4 or 16 ? new IPAddress(raw) : null;
}
