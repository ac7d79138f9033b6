using System.Globalization;

namespace Slipway.Platform.Access;

/// <summary>
/// Notes in the audit log who was refused what. Strangers can ask as often as they like, so only some refusals of a minute are noted one by one; the
/// next one says how many came between.
/// </summary>
public sealed class Refusals(AuditLog audit, TimeProvider time)
{
    private const int MostInWindow = 30;
    private const int MaxText = 200;
    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private DateTimeOffset _began;
    private int _noted;
    private int _left;

    /// <summary>Notes a refusal.</summary>
    /// <param name="caller">Who was refused; null for somebody without a valid token.</param>
    /// <param name="method">What was tried.</param>
    /// <param name="path">Where.</param>
    /// <param name="reason">Why it was refused; never a secret.</param>
    internal void Note(Caller? caller, string method, string path, string reason)
    {
        int left;
        lock (_gate)
        {
            var now = time.GetUtcNow();
            if (now - _began > s_window)
            {
                (_began, _noted) = (now, 0);
            }

            if (_noted == MostInWindow)
            {
                _left++;
                return;
            }

            (left, _left, _noted) = (_left, 0, _noted + 1);
        }

        var more = left > 0 ? string.Create(CultureInfo.InvariantCulture, $" ({left} more before)") : "";
        audit.Note(caller ?? s_stranger, "refused", Plain($"{method} {path}"), reason + more);
    }

    private static readonly Caller s_stranger = new("unknown", Model.Abilities.None);

    private static string Plain(string text) => string.Concat(text.Take(MaxText).Select(character => char.IsControl(character) ? '?' : character));
}
