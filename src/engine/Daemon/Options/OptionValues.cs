using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Slipway.Daemon.Options;

/// <summary>Reads the values of options; each failure names the option and says what is allowed.</summary>
internal static class OptionValues
{
    public static bool OnOff(string name, string value) => value switch
    {
        "true" or "1" or "t" or "T" or "TRUE" or "True" => true,
        "false" or "0" or "f" or "F" or "FALSE" or "False" => false,
        _ => throw Bad(name, value, "true or false"),
    };

    public static int WholeNumber(string name, string value, int least = 0, int most = int.MaxValue) =>
        int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Bad(name, value, $"a whole number from {least} to {most}");

    public static string OneOf(string name, string value, params string[] allowed) =>
        allowed.Contains(value) ? value : throw Bad(name, value, string.Join(", ", allowed));

    public static string AbsolutePath(string name, string value) =>
        value.StartsWith('/') && !value.Contains('\0', StringComparison.Ordinal) ? value : throw Bad(name, value, "an absolute path");

    public static string Address(string name, string value) =>
        IPAddress.TryParse(value, out _) ? value : throw Bad(name, value, "an IP address");

    public static string AddressOf(string name, string value, AddressFamily family) =>
        IPAddress.TryParse(value, out var address) && address.AddressFamily == family ? value : throw Bad(name, value, family == AddressFamily.InterNetwork ? "an IPv4 address" : "an IPv6 address");

    public static string Cidr(string name, string value)
    {
        var slash = value.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && IPAddress.TryParse(value.AsSpan(0, slash), out var address)
            && int.TryParse(value.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var bits)
            && bits <= address.GetAddressBytes().Length * 8
            ? value
            : throw Bad(name, value, "an address and prefix length such as 172.20.0.1/16");
    }

    public static string Subnet(string name, string value) =>
        IPNetwork.TryParse(Cidr(name, value), out _) ? value : throw Bad(name, value, "a subnet without host bits such as 172.20.0.0/16");

    public static (string Key, string Value) Pair(string name, string value)
    {
        var equals = value.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 ? (value[..equals], value[(equals + 1)..]) : throw Bad(name, value, "key=value");
    }

    /// <summary>Bytes from a number with an optional unit: b, k, m, g (powers of 1024).</summary>
    public static long Size(string name, string value)
    {
        var text = value.AsSpan().TrimEnd("bB").TrimEnd("iI");
        var shift = text.IsEmpty ? 0 : char.ToLowerInvariant(text[^1]) switch { 'k' => 10, 'm' => 20, 'g' => 30, _ => 0 };
        text = shift == 0 ? text : text[..^1];
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= long.MaxValue >> shift
            ? number << shift
            : throw Bad(name, value, "a size such as 64m");
    }

    /// <summary><c>nofile=1024:2048</c>; -1 is unlimited, one number is both limits.</summary>
    public static (string Key, long Soft, long Hard) Ulimit(string name, string value)
    {
        var (key, limits) = Pair(name, value);
        var parts = limits.Split(':');
        if (parts.Length > 2 || !Limit(parts[0], out var soft) || !Limit(parts[^1], out var hard) || (hard >= 0 && (soft > hard || soft < 0)))
        {
            throw Bad(name, value, "type=soft[:hard] with soft not above hard");
        }

        return (key, soft, hard);
    }

    public static OptionException Bad(string name, string value, string allowed) =>
        new($"invalid value \"{value}\" for {name}: it must be {allowed}");

    private static bool Limit(string text, out long limit) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out limit) && limit >= -1;
}
