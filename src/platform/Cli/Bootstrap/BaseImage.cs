using System.Globalization;

namespace Slipway.Cli.Bootstrap;

/// <summary>A base image that is made from packages of the distribution.</summary>
internal abstract class BaseImage
{
    /// <summary>Names it gets unless told otherwise.</summary>
    public abstract IReadOnlyList<string> Tags { get; }

    /// <summary>Makes the image.</summary>
    /// <exception cref="CommandException">A package is missing, or its tool failed.</exception>
    public abstract Task<ImageArchive> MakeAsync(IReadOnlyList<string> tags);

    /// <summary>SOURCE_DATE_EPOCH, else the given time.</summary>
    protected static DateTimeOffset Date(DateTimeOffset usual) =>
        long.TryParse(Environment.GetEnvironmentVariable("SOURCE_DATE_EPOCH"), NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
            ? DateTimeOffset.FromUnixTimeSeconds(seconds) : usual;

    /// <summary>Says which package to install, and installs nothing.</summary>
    protected static string Require(string path, string package) => File.Exists(path) ? path
        : throw new CommandException($"{path} is missing; install it with: apt-get install {package}");
}
