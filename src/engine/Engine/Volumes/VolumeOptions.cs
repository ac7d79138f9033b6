using System.Globalization;
using System.Text.RegularExpressions;

namespace Slipway.Engine.Volumes;

/// <summary>The options of the local driver: <c>type</c>, <c>device</c> and <c>o</c> as for mount(8), <c>size</c> in bytes with a unit.</summary>
internal static partial class VolumeOptions
{
    private static readonly (string Option, string[] Needs)[] Dependencies =
        [("device", ["type"]), ("type", ["device"]), ("o", ["device", "type"])];

    /// <summary>Refuses unknown and incomplete options.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/>.</exception>
    internal static void Check(string volume, IReadOnlyDictionary<string, string>? options)
    {
        if (options is null)
        {
            return;
        }

        foreach (var option in options.Keys.Where(option => option is not ("type" or "device" or "o" or "size")))
        {
            throw EngineException.Invalid($"create {volume}: invalid option: \"{option}\"");
        }

        if (options.TryGetValue("size", out var size))
        {
            CheckSize(volume, size);
        }

        foreach (var (option, needs) in Dependencies.Where(d => options.ContainsKey(d.Option)))
        {
            if (needs.FirstOrDefault(need => !options.ContainsKey(need)) is { } missing)
            {
                throw EngineException.Invalid($"create {volume}: missing required option: \"{missing}\"");
            }
        }
    }

    /// <summary>Whether two sets of options are the same.</summary>
    internal static bool Same(IReadOnlyDictionary<string, string>? left, IReadOnlyDictionary<string, string>? right) =>
        (left?.Count ?? 0) == (right?.Count ?? 0)
        && (left ?? new Dictionary<string, string>()).All(pair => right!.TryGetValue(pair.Key, out var value) && value == pair.Value);

    // Docker limits a volume's size through project quotas of XFS; a kernel service this engine does not use.
    private static void CheckSize(string volume, string size)
    {
        if (!SizePattern().IsMatch(size))
        {
            throw EngineException.Invalid(string.Create(CultureInfo.InvariantCulture, $"create {volume}: invalid size: '{size}'"));
        }

        throw EngineException.Invalid($"create {volume}: quota size requested but no quota support");
    }

    [GeneratedRegex(@"\A\d+(\.\d+)? ?([kKmMgGtTpP]?[iI]?[bB]?)\z")]
    private static partial Regex SizePattern();
}
