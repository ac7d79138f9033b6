using Slipway.Linux;

namespace Slipway.Engine.Layers;

/// <summary>Failures of reading and unpacking archives in the engine's vocabulary.</summary>
internal static class LayerErrors
{
    /// <summary>The failure to report instead, or null when it should pass as it is.</summary>
    internal static EngineException? Translate(Exception failure) => failure switch
    {
        TarException e => EngineException.Invalid(e.Message, e),
        InvalidDataException e => EngineException.Invalid($"invalid compressed data: {e.Message}", e),
        EndOfStreamException e => EngineException.Invalid("unexpected EOF", e),
        FormatException e => EngineException.Invalid(e.Message, e),
        LinuxException { IsNoSpace: true } e => new EngineException(ErrorKind.Unavailable, "no space left on device", e),
        // What else an archive of contradicting entries runs into.
        LinuxException { Errno: Errno.NoEntry or Errno.Exists or Errno.NotEmpty or Errno.NameTooLong or Errno.Loop or Errno.NotDirectory or Errno.IsDirectory or Errno.NotPermitted or Errno.Invalid or Errno.Range } e =>
            EngineException.Invalid($"invalid archive: {e.Message}", e),
        // ENOSPC of .NET's own file calls.
        IOException { HResult: 28 } e => new EngineException(ErrorKind.Unavailable, "no space left on device", e),
        _ => null,
    };
}
