using System.Globalization;
using System.Text.Json.Nodes;

namespace Slipway.Cli.Options;

/// <summary>Reads <c>--mount type=…,source=…,target=…,…</c> into a Mount of the create request.</summary>
internal sealed class MountOptions
{
    private readonly JsonObject _mount = new() { [nameof(Type)] = "volume" };
    private readonly HashSet<string> _families = new(StringComparer.Ordinal);

    /// <exception cref="FormatException">With docker's text.</exception>
    public static JsonObject Read(string text)
    {
        MountOptions options = new();
        foreach (string field in CommaFields.Read(text))
        {
            options.Field(field);
        }

        return options.Finish();
    }

    private string Type => _mount[nameof(Type)]!.GetValue<string>();

    private void Field(string field)
    {
        (string key, string value) = Pairs.Split(field);
        key = key.ToLowerInvariant();
        if (!field.Contains('=', StringComparison.Ordinal))
        {
            value = key is "readonly" or "ro" or "volume-nocopy" or "bind-nonrecursive" or "bind-create-src" ? "true"
                : throw new FormatException($"invalid field '{field}' must be a key=value pair");
        }

        switch (key)
        {
            case "type": _mount[nameof(Type)] = value.ToLowerInvariant(); break;
            case "source" or "src": _mount["Source"] = value.StartsWith('.') ? Path.GetFullPath(value) : value; break;
            case "target" or "dst" or "destination": _mount["Target"] = value; break;
            case "readonly" or "ro": _mount["ReadOnly"] = Bool(key, value); break;
            case "consistency": _mount["Consistency"] = value.ToLowerInvariant(); break;
            default: Special(key, value, field); break;
        }
    }

    private void Special(string key, string value, string field)
    {
        switch (key)
        {
            case "bind-propagation": Part("bind", "BindOptions")["Propagation"] = value.ToLowerInvariant(); break;
            case "bind-nonrecursive": Part("bind", "BindOptions")["NonRecursive"] = Bool(key, value); break;
            case "bind-create-src": Part("bind", "BindOptions")["CreateMountpoint"] = Bool(key, value); break;
            case "bind-recursive": Recursive(value); break;
            case "volume-subpath": Part("volume", "VolumeOptions")["Subpath"] = value; break;
            case "volume-nocopy": Part("volume", "VolumeOptions")["NoCopy"] = Bool(key, value); break;
            case "volume-label": Add(Part("volume", "VolumeOptions"), "Labels", value); break;
            case "volume-driver": Driver()["Name"] = value; break;
            case "volume-opt": Add(Driver(), "Options", value); break;
            case "image-subpath": Part("image", "ImageOptions")["Subpath"] = value; break;
            case "tmpfs-size": Part("tmpfs", "TmpfsOptions")["SizeBytes"] = Size(value); break;
            case "tmpfs-mode": Part("tmpfs", "TmpfsOptions")["Mode"] = Mode(value); break;
            default: throw new FormatException($"unexpected key '{key}' in '{field}'");
        }
    }

    private void Recursive(string value)
    {
        JsonObject bind = Part("bind", "BindOptions");
        switch (value)
        {
            case "enabled": break;
            case "disabled": bind["NonRecursive"] = true; break;
            case "writable": bind["ReadOnlyNonRecursive"] = true; break;
            case "readonly": bind["ReadOnlyForceRecursive"] = true; break;
            default:
                throw new FormatException(
                    $"invalid value for bind-recursive: {value} (must be \"enabled\", \"disabled\", \"writable\", or \"readonly\")");
        }
    }

    private JsonObject Finish()
    {
        if (Type.Length == 0)
        {
            throw new FormatException("type is required");
        }

        if (_mount["Target"] is null)
        {
            throw new FormatException("target is required");
        }

        foreach (string family in _families.Where(f => f != Type))
        {
            throw new FormatException($"cannot mix '{family}-*' options with mount type '{Type}'");
        }

        return _mount;
    }

    private JsonObject Part(string family, string name)
    {
        _families.Add(family);
        return Child(_mount, name);
    }

    private JsonObject Driver() => Child(Part("volume", "VolumeOptions"), "DriverConfig");

    private static JsonObject Child(JsonObject parent, string name)
    {
        if (parent[name] is not JsonObject child)
        {
            parent[name] = child = [];
        }

        return child;
    }

    private static void Add(JsonObject parent, string name, string pair)
    {
        (string key, string value) = Pairs.Split(pair);
        Child(parent, name)[key] = value;
    }

    private static bool Bool(string key, string value) => value switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw new FormatException($"invalid value for {key}: {value}"),
    };

    private static long Size(string value)
    {
        try
        {
            return ByteSize.Parse(value);
        }
        catch (FormatException)
        {
            throw new FormatException($"invalid value for tmpfs-size: {value}");
        }
    }

    private static long Mode(string value)
    {
        long mode = 0;
        foreach (char digit in value)
        {
            mode = digit is >= '0' and <= '7' && mode <= int.MaxValue >> 3 ? (mode * 8) + digit - '0'
                : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"invalid value for tmpfs-mode: {value}"));
        }

        return mode;
    }
}
