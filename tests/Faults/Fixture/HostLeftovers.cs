using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Slipway.Faults.Fixture;

/// <summary>What a daemon that was killed leaves in the host's network: its links, which bear its name as their alias, and its nftables table.</summary>
internal static class HostLeftovers
{
    /// <summary>Name of the daemon with this exec root among those on the machine.</summary>
    internal static string OwnerOf(string execRoot) => "slipway-" + Convert.ToHexStringLower(Hash(execRoot))[..6];

    /// <summary>Sixteen subnets of 10.64.0.0/10 for the daemon with this exec root.</summary>
    internal static string PoolOf(string execRoot)
    {
        var hash = Hash(execRoot);
        return string.Create(CultureInfo.InvariantCulture, $"base=10.{64 + (hash[0] % 64)}.{hash[1] & 0xf0}.0/20,size=24");
    }

    /// <summary>Names of the daemon's links.</summary>
    internal static IReadOnlyList<string> LinksOf(string execRoot)
    {
        var alias = "slipway " + OwnerOf(execRoot);
        return [.. Directory.GetFileSystemEntries("/sys/class/net").Where(link => Alias(link) == alias).Select(link => Path.GetFileName(link))];
    }

    /// <summary>Whether the daemon's table is there.</summary>
    internal static bool HasTable(string execRoot) =>
        Tool.Try("nft", "list", "tables", "inet").Output.Contains(OwnerOf(execRoot).Replace('-', '_'), StringComparison.Ordinal);

    /// <summary>Removes both.</summary>
    internal static void Remove(string execRoot)
    {
        foreach (var link in LinksOf(execRoot))
        {
            Tool.Try("ip", "link", "del", link);
        }

        if (HasTable(execRoot))
        {
            Tool.Try("nft", "delete", "table", "inet", OwnerOf(execRoot).Replace('-', '_'));
        }
    }

    private static byte[] Hash(string execRoot) => SHA256.HashData(Encoding.UTF8.GetBytes(execRoot));

    private static string Alias(string link)
    {
        try
        {
            return File.ReadAllText(Path.Combine(link, "ifalias")).Trim();
        }
        catch (IOException)
        {
            return "";
        }
    }
}
