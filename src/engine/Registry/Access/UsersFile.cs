using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Slipway.Engine;
using Slipway.Linux;

namespace Slipway.Registry.Access;

/// <summary>Users and the bcrypt hashes of their passwords, in the format of Apache's <c>htpasswd -B</c>. Read again when it changes.</summary>
internal sealed class UsersFile(string path, TimeProvider time) : IDisposable
{
    private const int MostRemembered = 1000;
    private static readonly TimeSpan s_remember = TimeSpan.FromMinutes(5);

    // What a hash is checked against that nobody has: unknown users take as long as wrong passwords.
    private static readonly Lazy<string> s_nobody = new(() => Passwords.Hash(Convert.ToHexString(RandomNumberGenerator.GetBytes(16))));

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _hashing = new(1, 1);
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _right = new(StringComparer.Ordinal);
    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(32);
    private DateTime _stamp;
    private Dictionary<string, string> _users = [];

    /// <summary>Every user.</summary>
    internal IReadOnlyList<string> Names => [.. Read().Keys.Order(StringComparer.Ordinal)];

    internal bool Has(string user) => Read().ContainsKey(user);

    /// <summary>Whether the password is the user's. Right ones are remembered for a while, since a hash takes long on purpose.</summary>
    internal async Task<bool> CheckAsync(string user, string password, CancellationToken cancel)
    {
        var users = Read();
        var hash = users.GetValueOrDefault(user) ?? s_nobody.Value;
        var key = Convert.ToHexString(HMACSHA256.HashData(_salt, Encoding.UTF8.GetBytes($"{user}\0{password}\0{hash}")));
        if (_right.TryGetValue(key, out var until) && until > time.GetUtcNow())
        {
            return true;
        }

        await _hashing.WaitAsync(cancel);
        try
        {
            if (!await Task.Run(() => Passwords.Matches(password, hash), cancel) || !users.ContainsKey(user))
            {
                return false;
            }
        }
        finally
        {
            _hashing.Release();
        }

        if (_right.Count >= MostRemembered)
        {
            _right.Clear();
        }

        _right[key] = time.GetUtcNow() + s_remember;
        return true;
    }

    /// <summary>Makes a user, changes his password, or removes him.</summary>
    /// <param name="user">His name.</param>
    /// <param name="password">Null removes him.</param>
    /// <returns>False when there was none to remove.</returns>
    /// <exception cref="EngineException">InvalidArgument.</exception>
    internal async Task<bool> SetAsync(string user, string? password)
    {
        if (user.Length is 0 or > 64 || !user.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_' or '@') || password is { Length: 0 or > 72 })
        {
            throw EngineException.Invalid("a user's name has letters, digits, dots, dashes and underscores, his password 1 to 72 characters");
        }

        await _writing.WaitAsync();
        try
        {
            var lines = File.Exists(path) ? await File.ReadAllLinesAsync(path) : [];
            var others = lines.Where(line => !line.StartsWith(user + ":", StringComparison.Ordinal)).ToList();
            if (password is null && others.Count == lines.Length)
            {
                return false;
            }

            var all = password is null ? others : others.Append($"{user}:{await Task.Run(() => Passwords.Hash(password))}");
            DurableFile.WriteAllBytes(path, Encoding.UTF8.GetBytes(string.Concat(all.Select(line => line + "\n"))));
            lock (_lock)
            {
                _stamp = default;
            }

            return true;
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose()
    {
        _hashing.Dispose();
        _writing.Dispose();
    }

    private Dictionary<string, string> Read()
    {
        var stamp = File.GetLastWriteTimeUtc(path);
        lock (_lock)
        {
            if (stamp != _stamp)
            {
                _users = !File.Exists(path) ? [] : File.ReadLines(path).Select(line => line.Trim().Split(':', 2)).Where(pair => pair.Length == 2 && pair[0].Length > 0 && pair[0][0] != '#' && Passwords.IsBcrypt(pair[1]))
                    .GroupBy(pair => pair[0]).ToDictionary(group => group.Key, group => group.First()[1], StringComparer.Ordinal);
                _stamp = stamp;
            }

            return _users;
        }
    }
}
