namespace Slipway.Build.Dockerfile;

/// <summary>A lint rule, with BuildKit's name, description and page.</summary>
/// <param name="Number">Stable number.</param>
/// <param name="Name">Name, as <c># check=skip=</c> takes it.</param>
/// <param name="Page">Last part of its page's address; null for none.</param>
/// <param name="Description">What it is about.</param>
/// <param name="Experimental">Whether it must be asked for by <c>experimental=</c>.</param>
public sealed record LintRule(string Number, string Name, string? Page, string Description, bool Experimental = false)
{
    /// <summary>Page that explains it.</summary>
    public string? Url => Page is null ? null : $"https://docs.docker.com/go/dockerfile/rule/{Page}/";

    internal static readonly LintRule StageNameCasing = new("DL0001", "StageNameCasing", "stage-name-casing", "Stage names should be lowercase");

    internal static readonly LintRule FromAsCasing =
        new("DL0002", "FromAsCasing", "from-as-casing", "The 'as' keyword should match the case of the 'from' keyword");

    internal static readonly LintRule NoEmptyContinuation =
        new("DL0003", "NoEmptyContinuation", "no-empty-continuation", "Empty continuation lines will become errors in a future release");

    internal static readonly LintRule ConsistentInstructionCasing =
        new("DL0004", "ConsistentInstructionCasing", "consistent-instruction-casing",
            "All commands within the Dockerfile should use the same casing (either upper or lower)");

    internal static readonly LintRule DuplicateStageName =
        new("DL0005", "DuplicateStageName", "duplicate-stage-name", "Stage names should be unique");

    internal static readonly LintRule ReservedStageName =
        new("DL0006", "ReservedStageName", "reserved-stage-name", "Reserved words should not be used as stage names");

    internal static readonly LintRule JsonArgsRecommended =
        new("DL0007", "JSONArgsRecommended", "json-args-recommended",
            "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS signals");

    internal static readonly LintRule MaintainerDeprecated =
        new("DL0008", "MaintainerDeprecated", "maintainer-deprecated",
            "The MAINTAINER instruction is deprecated, use a label instead to define an image author");

    internal static readonly LintRule UndefinedArgInFrom =
        new("DL0009", "UndefinedArgInFrom", "undefined-arg-in-from", "FROM command must use declared ARGs");

    internal static readonly LintRule WorkdirRelativePath =
        new("DL0010", "WorkdirRelativePath", "workdir-relative-path",
            "Relative workdir without an absolute workdir declared within the build can have unexpected results if the base image changes");

    internal static readonly LintRule UndefinedVar =
        new("DL0011", "UndefinedVar", "undefined-var", "Variables should be defined before their use");

    internal static readonly LintRule MultipleInstructionsDisallowed =
        new("DL0012", "MultipleInstructionsDisallowed", "multiple-instructions-disallowed",
            "Multiple instructions of the same type should not be used in the same stage");

    internal static readonly LintRule LegacyKeyValueFormat =
        new("DL0013", "LegacyKeyValueFormat", "legacy-key-value-format",
            "Legacy key/value format with whitespace separator should not be used");

    internal static readonly LintRule InvalidBaseImagePlatform =
        new("DL0014", "InvalidBaseImagePlatform", null, "Base image platform does not match expected target platform");

    internal static readonly LintRule RedundantTargetPlatform =
        new("DL0015", "RedundantTargetPlatform", "redundant-target-platform",
            "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default behavior");

    internal static readonly LintRule SecretsUsedInArgOrEnv =
        new("DL0016", "SecretsUsedInArgOrEnv", "secrets-used-in-arg-or-env", "Sensitive data should not be used in the ARG or ENV commands");

    internal static readonly LintRule InvalidDefaultArgInFrom =
        new("DL0017", "InvalidDefaultArgInFrom", "invalid-default-arg-in-from",
            "Default value for global ARG results in an empty or invalid base image name");

    internal static readonly LintRule FromPlatformFlagConstDisallowed =
        new("DL0018", "FromPlatformFlagConstDisallowed", "from-platform-flag-const-disallowed",
            "FROM --platform flag should not use a constant value");

    internal static readonly LintRule CopyIgnoredFile =
        new("DL0019", "CopyIgnoredFile", "copy-ignored-file", "Attempting to Copy file that is excluded by .dockerignore", Experimental: true);

    internal static readonly LintRule InvalidDefinitionDescription =
        new("DL0022", "InvalidDefinitionDescription", "invalid-definition-description",
            "Comment for build stage or argument should follow the format: `# <arg/stage name> <description>`. If this is not intended to be a description comment, add an empty line or comment between the instruction and the comment.", Experimental: true);

    internal static readonly LintRule ExposeProtoCasing =
        new("DL0020", "ExposeProtoCasing", "expose-proto-casing", "Protocol in EXPOSE instruction should be lowercase");

    internal static readonly LintRule ExposeInvalidFormat =
        new("DL0021", "ExposeInvalidFormat", "expose-invalid-format",
            "IP address and host-port mapping should not be used in EXPOSE instruction. This will become an error in a future release");
}
