using System.Security.Cryptography;
using System.Text;
using Slipway.Platform.Model;
using Slipway.Platform.Secrets;
using Slipway.Platform.Store;

namespace Slipway.Platform.Access;

/// <summary>Who calls.</summary>
/// <param name="Name">For the audit log.</param>
/// <param name="Abilities">What the caller may do.</param>
public sealed record Caller(string Name, Abilities Abilities)
{
    /// <summary>The platform itself, for what it does by its own plan.</summary>
    public static Caller Platform { get; } = new("platform", Abilities.Root);

    /// <summary>Whether the caller may.</summary>
    public bool May(Abilities ability) => (Abilities & ability) == ability;

    /// <summary>Refuses a caller who may not.</summary>
    /// <exception cref="PlatformException">The caller may not.</exception>
    public void Require(Abilities ability)
    {
        if (!May(ability))
        {
            throw new PlatformException(Refusal.Forbidden, $"this token lacks the ability \"{ability.ToString().ToLowerInvariant()}\"");
        }
    }
}

/// <summary>Makes and checks tokens. They are 40 random characters, so a plain hash is enough to keep them by.</summary>
public sealed class Gate(PlatformStore store, TimeProvider time)
{
    private const string Prefix = "slp_";

    /// <summary>Makes a token; its text is not kept.</summary>
    public (AccessToken Token, string Text) Create(string name, Abilities abilities, DateTimeOffset? expires = null)
    {
        if (string.IsNullOrWhiteSpace(name) || name.Length > 255)
        {
            throw new PlatformException(Refusal.Invalid, "a token needs a name of at most 255 characters");
        }

        var text = Prefix + Identity.Secret();
        var token = new AccessToken { Id = Identity.New(), Name = name, Hash = Hash(text), Abilities = abilities, Expires = expires, Created = time.GetUtcNow() };
        store.Commit(store.Tokens.Put(token.Id, token));
        return (token, text);
    }

    /// <summary>Who shows this token; null for nobody.</summary>
    public Caller? Recognize(string text)
    {
        var hash = Hash(text);
        var token = store.Tokens.All.FirstOrDefault(candidate => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(candidate.Hash), Encoding.ASCII.GetBytes(hash)));
        return token is null || token.Expires <= time.GetUtcNow() ? null : new Caller(token.Name, token.Abilities);
    }

    /// <summary>Makes the first token, for this machine's root, and writes it beside the database.</summary>
    internal void EnsureLocalToken(string path)
    {
        if (File.Exists(path) && Recognize(File.ReadAllText(path).Trim()) is not null)
        {
            return;
        }

        PrivateFile.Write(path, Create("local", Abilities.Root).Text + "\n");
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
