using Slipway.Registry.Answers;

namespace Slipway.Registry.Access;

/// <summary>Who sent a request, and how he proved it.</summary>
/// <param name="User">His name; empty for nobody in particular.</param>
/// <param name="Proof">How he proved it.</param>
/// <param name="Scopes">What his token is good for; null without a token.</param>
internal sealed record Caller(string User, Proof Proof, IReadOnlyList<TokenScope>? Scopes = null)
{
    /// <summary>Everybody, where there are no users.</summary>
    internal static readonly Caller Everybody = new("", Proof.NotNeeded);

    /// <summary>Nobody in particular, where there are users.</summary>
    internal static readonly Caller Nobody = new("", Proof.None);

    /// <summary>Our own engine.</summary>
    internal static readonly Caller Engine = new("", Proof.Engine);

    internal bool IsEngine => Proof == Proof.Engine;

    internal string Shown => User.Length > 0 ? User : Proof == Proof.Engine ? "(engine)" : "(anonymous)";
}

/// <summary>How a caller proved who he is.</summary>
internal enum Proof
{
    None,
    NotNeeded,
    Engine,
    Password,
    Token,
}
