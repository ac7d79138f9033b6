using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Slipway.Platform.Model;

namespace Slipway.Platform.Web;

/// <summary>Somebody who has logged in.</summary>
/// <param name="FormKey">What each form of this session carries, so that no other site can send one.</param>
/// <param name="Ends">When it ends.</param>
public sealed record WebSession(string FormKey, DateTimeOffset Ends);

/// <summary>Who has logged in, in memory: a restart logs everybody out. Guessing is slowed down for everybody at once, since addresses are cheap.</summary>
public sealed class WebSessions(WebPassword password, TimeProvider time)
{
    internal const string Cookie = "slipway";
    internal const string FormField = "key";
    private const int MostSessions = 1000;
    private const int FreeGuesses = 10;

    private static readonly TimeSpan s_lifetime = TimeSpan.FromHours(12);
    private static readonly TimeSpan s_window = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, WebSession> _sessions = new(StringComparer.Ordinal);
    private readonly Queue<DateTimeOffset> _wrong = new();
    private readonly Lock _gate = new();

    /// <summary>Logs in; null for a wrong password.</summary>
    /// <returns>The cookie's value.</returns>
    /// <exception cref="PlatformException">Too many wrong ones came within a minute.</exception>
    internal string? Begin(string typed)
    {
        lock (_gate)
        {
            var now = time.GetUtcNow();
            while (_wrong.TryPeek(out var oldest) && oldest < now - s_window)
            {
                _wrong.Dequeue();
            }

            if (_wrong.Count >= FreeGuesses)
            {
                throw new PlatformException(Refusal.Busy, "Too many wrong passwords. Try again in a minute.");
            }

            if (!password.Is(typed))
            {
                _wrong.Enqueue(now);
                return null;
            }
        }

        Forget();
        var text = Identity.Secret();
        _sessions[Hash(text)] = new WebSession(Identity.Secret(), time.GetUtcNow() + s_lifetime);
        return text;
    }

    /// <summary>The session of a request; null for nobody.</summary>
    internal WebSession? Of(HttpRequest request) =>
        request.Cookies[Cookie] is { Length: > 0 } text && _sessions.TryGetValue(Hash(text), out var session) && session.Ends > time.GetUtcNow() ? session : null;

    internal void End(HttpRequest request)
    {
        if (request.Cookies[Cookie] is { Length: > 0 } text)
        {
            _sessions.TryRemove(Hash(text), out _);
        }
    }

    /// <summary>Whether a form comes from a page of ours.</summary>
    internal static bool IsOurs(WebSession session, string? key) =>
        key is not null && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(session.FormKey), Encoding.UTF8.GetBytes(key));

    private void Forget()
    {
        var now = time.GetUtcNow();
        foreach (var (hash, session) in _sessions.OrderBy(s => s.Value.Ends))
        {
            if (session.Ends <= now || _sessions.Count >= MostSessions)
            {
                _sessions.TryRemove(hash, out _);
            }
        }
    }

    private static string Hash(string text) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
