using System.Globalization;
using Slipway.Platform.Model;
using Slipway.Platform.Store;

namespace Slipway.Platform.Access;

/// <summary>Notes who did what. The latest ten thousand entries are kept.</summary>
public sealed class AuditLog(PlatformStore store, TimeProvider time)
{
    private const int Kept = 10_000;
    private const int Trimmed = 500;

    /// <summary>Notes an action.</summary>
    public void Note(Caller caller, string action, string subject, string detail = "")
    {
        var now = time.GetUtcNow();
        var id = string.Create(CultureInfo.InvariantCulture, $"{now.UtcTicks:D20}-{Identity.New()[..6]}");
        List<StoreChange> changes = [store.Audit.Put(id, new AuditEntry(id, now, caller.Name, action, subject, detail))];
        if (store.Audit.All.Count() > Kept + Trimmed)
        {
            changes.AddRange(store.Audit.All.OrderBy(entry => entry.Id, StringComparer.Ordinal).Take(Trimmed).Select(entry => store.Audit.Delete(entry.Id)));
        }

        store.Commit(changes);
    }

    /// <summary>The newest entries first.</summary>
    public IReadOnlyList<AuditEntry> Latest(int count) => [.. store.Audit.All.OrderByDescending(entry => entry.Id, StringComparer.Ordinal).Take(count)];
}
