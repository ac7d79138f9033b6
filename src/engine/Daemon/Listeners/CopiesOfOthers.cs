using Slipway.Distribution.Copies;
using Slipway.Registry;

namespace Slipway.Daemon.Listeners;

/// <summary>Joins our registry, which talks to no other, with what fetches copies of others' repositories.</summary>
internal static class CopiesOfOthers
{
    /// <summary>Copies as the registry asks for them.</summary>
    /// <param name="copies">What fetches them.</param>
    /// <param name="most">Bytes that all of them may take together; 0 for no bound.</param>
    internal static PullThrough Describe(CopiedRepositories copies, long most) => new()
    {
        Locate = copies.Locate,
        IsCopy = copies.IsCopy,
        RefreshAsync = copies.RefreshAsync,
        Describe = copies.Describe,
        OpenAsync = copies.OpenAsync,
        TagsAsync = copies.TagsAsync,
        ReferrersAsync = copies.ReferrersAsync,
        MostBytes = most,
    };
}
