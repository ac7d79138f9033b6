using System.Security.Cryptography;

namespace Slipway.Engine.Containers;

/// <summary>Makes names for containers that were given none: an adjective and a word of the harbour.</summary>
internal static class NameGenerator
{
    private static readonly string[] Adjectives =
    [
        "able", "agile", "amber", "bold", "brave", "bright", "brisk", "calm", "clever", "crisp", "daring", "eager", "early", "fair",
        "fleet", "gentle", "glad", "golden", "grand", "hardy", "honest", "jolly", "keen", "kind", "lively", "loyal", "lucid", "merry",
        "mighty", "modest", "neat", "nimble", "noble", "patient", "plucky", "polite", "proud", "quick", "quiet", "ready", "robust",
        "sharp", "silent", "silver", "sleek", "smart", "snug", "solid", "spry", "steady", "stout", "sunny", "swift", "tidy", "true",
        "upbeat", "vivid", "warm", "wise", "witty",
    ];

    private static readonly string[] Nouns =
    [
        "anchor", "barge", "beacon", "berth", "bow", "bridge", "buoy", "canal", "capstan", "clipper", "compass", "coral", "crane",
        "current", "cutter", "davit", "deck", "dock", "ferry", "fjord", "galley", "gull", "halyard", "harbor", "hatch", "helm", "hull",
        "island", "jetty", "kayak", "keel", "ketch", "lagoon", "lantern", "launch", "lock", "mast", "mooring", "oar", "pier", "pilot",
        "port", "prow", "quay", "reef", "rigging", "rudder", "sail", "schooner", "shore", "skiff", "sloop", "sound", "spar", "stern",
        "strait", "tide", "tiller", "trawler", "tug", "wave", "wharf", "yawl",
    ];

    /// <summary>A random name; from the third attempt on with a number behind it.</summary>
    internal static string Next(int attempt)
    {
        var name = $"{Adjectives[RandomNumberGenerator.GetInt32(Adjectives.Length)]}_{Nouns[RandomNumberGenerator.GetInt32(Nouns.Length)]}";
        return attempt < 2 ? name : name + RandomNumberGenerator.GetInt32(10 * attempt);
    }
}
