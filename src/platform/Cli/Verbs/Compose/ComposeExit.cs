using Slipway.Compose;

namespace Slipway.Cli.Verbs.Compose;

/// <summary>Exit codes by which scripts tell failures of <c>docker compose</c> apart.</summary>
internal static class ComposeExit
{
    /// <summary>A file of the application is missing.</summary>
    public const int NoFile = 14;

    /// <summary>A file of the application is wrong.</summary>
    public const int BadFile = 15;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 16;

    /// <summary>A build failed.</summary>
    public const int Build = 17;

    /// <summary>A pull failed.</summary>
    public const int Pull = 18;

    /// <summary>The code of a failure.</summary>
    public static int Of(ComposeException failure) => failure.Cause switch
    {
        FailureCause.File when failure.At is null => NoFile,
        FailureCause.Build => Build,
        FailureCause.Hook => 1,
        FailureCause.Pull => Pull,
        _ => failure.At is null ? 1 : BadFile,
    };
}
