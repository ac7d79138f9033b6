using System.Globalization;
using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>Reads <c>--device</c>, <c>--gpus</c> and the block devices' limits.</summary>
internal static class DeviceOptions
{
    /// <summary>A name such as <c>vendor.com/class=name</c> belongs to the Container Device Interface.</summary>
    public static bool IsCdi(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 && text.IndexOf('=', StringComparison.Ordinal) > slash;
    }

    /// <exception cref="FormatException">Too many parts or a bad mode.</exception>
    public static JsonObject Device(string text)
    {
        string[] parts = text.Split(':');
        if (parts.Length > 3 || parts[0].Length == 0)
        {
            throw new FormatException($"invalid device specification: {text}");
        }

        string target = parts[0];
        string mode = "rwm";
        if (parts.Length == 3)
        {
            (target, mode) = (parts[1], parts[2]);
        }
        else if (parts.Length == 2)
        {
            (target, mode) = IsMode(parts[1]) ? (target, parts[1]) : (parts[1], mode);
        }

        return IsMode(mode) && target.StartsWith('/')
            ? new JsonObject { ["PathOnHost"] = parts[0], ["PathInContainer"] = target, ["CgroupPermissions"] = mode }
            : throw new FormatException(target.StartsWith('/') ? $"bad mode specified: {mode}" : $"{target} is not an absolute path");
    }

    private static bool IsMode(string mode) =>
        mode.Length > 0 && mode.All(c => c is 'r' or 'w' or 'm') && mode.Distinct().Count() == mode.Length;

    /// <summary><c>--gpus all</c>, <c>--gpus 2</c>, <c>--gpus device=0,capabilities=…</c>.</summary>
    public static JsonObject Gpus(string text)
    {
        JsonObject request = new() { ["Driver"] = "", ["Count"] = 0, ["DeviceIDs"] = null, ["Options"] = new JsonObject() };
        List<string> capabilities = ["gpu"];
        foreach (string field in CommaFields.Read(text))
        {
            (string key, string value) = field.Contains('=', StringComparison.Ordinal) ? Pairs.Split(field) : ("count", field);
            switch (key)
            {
                case "count": request["Count"] = Count(value); break;
                case "driver": request["Driver"] = value; break;
                case "device": request["DeviceIDs"] = JsonBuild.Strings(value.Split(',')); break;
                case "capabilities": capabilities.AddRange(value.Split(',')); break;
                case "options": request["Options"] = JsonBuild.Map(value.Split(',').Select(o => Pairs.Split(o)).Select(p => KeyValuePair.Create(p.Key, p.Value))); break;
                default: throw new FormatException($"unexpected key '{key}' in '{field}'");
            }
        }

        request["Capabilities"] = new JsonArray(JsonBuild.Strings(capabilities.Distinct()));
        return request;
    }

    private static int Count(string value) => value == "all" ? -1
        : int.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int count) ? count
        : throw new FormatException($"invalid count ({value}): value must be either \"all\" or an integer");

    /// <summary><c>/dev/sda:10mb</c> (bytes per second) or <c>/dev/sda:1000</c> (operations per second).</summary>
    public static JsonObject Throttle(string text, bool bytes)
    {
        (string path, string rate) = DevicePath(text);
        long value;
        try
        {
            value = bytes ? ByteSize.Parse(rate) : long.Parse(rate, NumberStyles.None, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            value = -1;
        }

        return value >= 0
            ? new JsonObject { ["Path"] = path, ["Rate"] = value }
            : throw new FormatException(
                $"invalid rate for device: {text}. The correct format is <device-path>:<number>{(bytes ? "[<unit>]" : "")}. Number must be a positive integer"
                + (bytes ? ". Unit is optional and can be kb, mb, or gb" : ""));
    }

    public static JsonObject Weight(string text)
    {
        (string path, string weight) = DevicePath(text);
        return ushort.TryParse(weight, NumberStyles.None, CultureInfo.InvariantCulture, out ushort value) && value is 0 or (>= 10 and <= 1000)
            ? new JsonObject { ["Path"] = path, ["Weight"] = (int)value }
            : throw new FormatException($"invalid weight for device: {text}");
    }

    private static (string Path, string Value) DevicePath(string text)
    {
        string[] parts = text.Split(':', 2);
        return parts.Length == 2 && parts[1].Length > 0
            ? parts[0].StartsWith("/dev/", StringComparison.Ordinal) ? (parts[0], parts[1]) : throw new FormatException($"bad format for device path: {text}")
            : throw new FormatException($"bad format: {text}");
    }
}
