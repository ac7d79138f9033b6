using Slipway.DockerApi;

namespace Slipway.Engine.Attach;

/// <summary>The client's side of an attachment: a hijacked connection or a websocket, as streams.</summary>
/// <param name="input">What the client sends to stdin, ending with its half-close; null when it sends none.</param>
/// <param name="output">Where output goes. Never written by two at once. Disposed by the owner, not by the attachment.</param>
/// <param name="multiplexed">Whether output carries frame headers (<see cref="StreamFrame"/>); false is a raw stream, as with a terminal.</param>
public sealed class AttachPeer(Stream? input, Stream output, bool multiplexed)
{
    /// <summary>What the client sends.</summary>
    public Stream? Input { get; } = input;

    /// <summary>Where output goes.</summary>
    public Stream Output { get; } = output;

    /// <summary>Whether output carries frame headers.</summary>
    public bool Multiplexed { get; } = multiplexed;
}

/// <summary>How an attachment ended.</summary>
public enum AttachEnd
{
    /// <summary>The process ended, and all of its output was sent.</summary>
    Finished,

    /// <summary>The client typed its detach keys, or ended a stdin that the container keeps open.</summary>
    Detached,

    /// <summary>The client went away, or took nothing for too long.</summary>
    ClientLost,

    /// <summary>The container was removed before it ran.</summary>
    Removed,
}
