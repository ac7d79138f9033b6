using System.Globalization;
using System.Text;
using Slipway.Build.Dockerfile;

namespace Slipway.Build.Graph;

/// <summary>The value of <c>RUN --mount</c>, field by field.</summary>
internal sealed class MountText
{
    private static readonly string[] Kinds = ["bind", "cache", "tmpfs", "secret", "ssh"];
    private static readonly string[] Keys =
    [
        "type", "from", "source", "target", "readonly", "id", "sharing", "required", "size", "mode", "uid", "gid", "src", "dst",
        "destination", "ro", "rw", "readwrite", "env",
    ];

    internal RunMountKind Kind { get; private set; } = RunMountKind.Bind;

    internal string From { get; private set; } = "";

    internal string Source { get; private set; } = "";

    internal string Target { get; private set; } = "";

    internal string Id { get; private set; } = "";

    internal string? Variable { get; private set; }

    internal bool? ReadOnly { get; private set; }

    internal bool Required { get; private set; }

    internal long Size { get; private set; }

    internal CacheSharing? Sharing { get; private set; }

    internal int? Mode { get; private set; }

    internal int? UserId { get; private set; }

    internal int? GroupId { get; private set; }

    private string KindName => Kinds[(int)Kind];

    /// <summary>Reads a value.</summary>
    /// <param name="text">Comma-separated fields.</param>
    /// <param name="expand">Expands variables in a field's value.</param>
    /// <exception cref="SyntaxFault">A field is unknown or does not fit the kind.</exception>
    internal static MountText Parse(string text, Func<string, string> expand)
    {
        var mount = new MountText();
        foreach (var field in Fields(text))
        {
            mount.Take(field, expand);
        }

        mount.Validate(text);
        return mount;
    }

    /// <summary>Kind and <c>from</c> alone, before variables are known; null for a mount without a tree.</summary>
    /// <exception cref="SyntaxFault"><c>from</c> uses a variable.</exception>
    internal static string? FromOf(string text)
    {
        var (kind, from) = ("bind", "");
        foreach (var field in Fields(text))
        {
            var (key, value) = Cut(field);
            kind = key == "type" ? Given(value, field).ToLowerInvariant() : kind;
            from = key == "from" ? Given(value, field) : from;
        }

        if (from.IndexOf('$', StringComparison.Ordinal) is >= 0 and var at && at < from.Length - 1)
        {
            throw Fault("'from' doesn't support variable expansion, define alias stage instead", from);
        }

        return from.Length > 0 && kind is not ("tmpfs" or "secret" or "ssh") ? from : null;
    }

    private static (string Key, string? Value) Cut(string field)
    {
        var equals = field.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? (field.ToLowerInvariant(), null) : (field[..equals].ToLowerInvariant(), field[(equals + 1)..]);
    }

    private static string Given(string? value, string field) => value ?? throw Fault($"invalid field '{field}' must be a key=value pair", field);

    private void Take(string field, Func<string, string> expand)
    {
        var (key, raw) = Cut(field);
        var value = raw is null && key is ("readonly" or "ro" or "readwrite" or "rw" or "required") ? "true" : expand(Given(raw, field));
        switch (key)
        {
            case "type":
                var kind = Array.IndexOf(Kinds, value.ToLowerInvariant());
                Kind = kind >= 0 ? (RunMountKind)kind : throw Fault($"unsupported mount type {GoText.Quote(value)}", value, Nearest.Find(value, Kinds));
                break;
            case "from":
                From = value;
                break;
            case "source" or "src":
                Source = value;
                break;
            case "target" or "dst" or "destination":
                Target = value;
                break;
            case "id":
                Id = value;
                break;
            case "env":
                Variable = Kind == RunMountKind.Secret ? value : throw Unexpected(key);
                break;
            default:
                TakeValue(key, value, field);
                break;
        }
    }

    private void TakeValue(string key, string value, string field)
    {
        switch (key)
        {
            case "readonly" or "ro":
                ReadOnly = Bool(key, value);
                break;
            case "readwrite" or "rw":
                ReadOnly = !Bool(key, value);
                break;
            case "required":
                Required = Kind is RunMountKind.Secret or RunMountKind.Ssh ? Bool(key, value) : throw Unexpected(key);
                break;
            case "size":
                Size = Kind == RunMountKind.Tmpfs ? Bytes(key, value) : throw Unexpected(key);
                break;
            case "sharing":
                Sharing = value.ToLowerInvariant() switch
                {
                    "shared" => CacheSharing.Shared,
                    "private" => CacheSharing.Private,
                    "locked" => CacheSharing.Locked,
                    _ => throw Fault($"unsupported sharing value {GoText.Quote(value)}", value, Nearest.Find(value, ["shared", "private", "locked"])),
                };
                break;
            case "mode":
                Mode = Octal(value);
                break;
            case "uid":
                UserId = Number(key, value);
                break;
            case "gid":
                GroupId = Number(key, value);
                break;
            default:
                throw Fault($"unexpected key '{key}' in '{field}'", key, Nearest.Find(key, Keys));
        }
    }

    private void Validate(string text)
    {
        if (Kind is RunMountKind.Bind or RunMountKind.Tmpfs && (Mode ?? UserId ?? GroupId) is not null)
        {
            var key = Mode is not null ? "mode" : UserId is not null ? "uid" : "gid";
            throw Fault($"{key} not allowed for {GoText.Quote(KindName)} type mounts", key);
        }

        if (Kind == RunMountKind.Secret)
        {
            ValidateSecret(text);
        }

        if (Sharing is not null && Kind != RunMountKind.Cache)
        {
            throw Fault($"invalid cache sharing set for {KindName} mount", "sharing");
        }

        if (Kind == RunMountKind.Ssh && Source.Length > 0)
        {
            throw Fault("ssh does not support source", Source);
        }
    }

    private void ValidateSecret(string text)
    {
        if (From.Length > 0)
        {
            throw Fault("secret mount should not have a from", "from");
        }

        if (Sharing is not null)
        {
            throw Fault("secret mount should not define sharing", "sharing");
        }

        if (Source.Length + Target.Length + Id.Length == 0)
        {
            throw Fault("invalid secret mount. one of source, target required", text);
        }

        if (Source.Length > 0 && Id.Length > 0)
        {
            throw Fault("both source and id can't be set", Source);
        }
    }

    // One record of CSV: quotes group, a doubled quote is one.
    private static List<string> Fields(string text)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"')
            {
                var doubled = quoted && i + 1 < text.Length && text[i + 1] == '"';
                i += doubled ? 1 : 0;
                quoted = doubled || !quoted;
                _ = doubled ? field.Append('"') : field;
            }
            else if (text[i] == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(text[i]);
            }
        }

        fields.Add(field.ToString());
        return fields;
    }

    private static bool Bool(string key, string value) => value switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw Fault($"invalid value for {key}: {value}", value),
    };

    private static int Octal(string value)
    {
        var mode = 0;
        foreach (var digit in value)
        {
            mode = digit is >= '0' and <= '7' && mode <= 0xFFFF ? (mode << 3) | (digit - '0') : throw Fault($"invalid value {value} for mode", value);
        }

        return value.Length > 0 ? mode & 0xFFF : throw Fault($"invalid value {value} for mode", value);
    }

    private static int Number(string key, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Fault($"invalid value {value} for {key}", value);

    private static long Bytes(string key, string value)
    {
        var digits = value.AsSpan().TrimEnd("bBiI");
        var shift = digits.IsEmpty ? 0 : char.ToLowerInvariant(digits[^1]) switch { 'k' => 10, 'm' => 20, 'g' => 30, 't' => 40, _ => 0 };
        return double.TryParse(shift > 0 ? digits[..^1] : digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            && number * Math.Pow(2, shift) is >= 0 and < 9e18 and var bytes
                ? (long)bytes
                : throw Fault($"invalid value for {key}: {value}", value);
    }

    private SyntaxFault Unexpected(string key) => Fault($"unexpected key '{key}' for mount type '{KindName}'", key);

    private static SyntaxFault Fault(string message, string near, string? suggestion = null) =>
        new(message, FaultNumber.Flags, near, suggestion);
}
