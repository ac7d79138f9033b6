using Google.Protobuf;
using Slipway.Build;
using Slipway.BuildKitApi;
using Slipway.BuildKitApi.Grpc;
using Slipway.BuildKitApi.Messages;
using Slipway.Linux;

namespace Slipway.BuildKit.Builds;

/// <summary>Answers questions about the files of a result. Paths are resolved inside it.</summary>
internal sealed class ResultFiles(ResultTree tree) : IDisposable
{
    private const int MostBytes = 8 << 20;

    /// <summary>A part of a file.</summary>
    /// <param name="path">The file; links are followed.</param>
    /// <param name="offset">Where the part begins, in bytes.</param>
    /// <param name="length">How many bytes; 0 for the rest.</param>
    /// <exception cref="GrpcException">It cannot be read, or is too large for one answer.</exception>
    internal ByteString Read(string path, long offset, long length) => At(path, () =>
    {
        using var file = tree.Root.OpenRead(path);
        var rest = Math.Max(0, RandomAccess.GetLength(file) - offset);
        var wanted = length > 0 ? Math.Min(length, rest) : rest;
        if (offset < 0 || wanted > MostBytes)
        {
            throw new GrpcException(GrpcStatus.InvalidArgument, $"{path}: more than {MostBytes} bytes at once");
        }

        var bytes = new byte[wanted];
        return ByteString.CopyFrom(bytes, 0, RandomAccess.Read(file, bytes, offset));
    });

    /// <summary>What a directory holds.</summary>
    /// <exception cref="GrpcException">There is no such directory.</exception>
    internal IReadOnlyList<Stat> List(string path) => At<IReadOnlyList<Stat>>(path, () =>
    {
        var directory = path.Trim('/') is { Length: > 0 } clean ? clean : ".";
        return [.. tree.Root.ReadDirectory(directory).Select(entry => entry.Name).Order(StringComparer.Ordinal).Select(name => Describe($"{directory}/{name}", name)).OfType<Stat>()];
    });

    /// <summary>What is at a path.</summary>
    /// <exception cref="GrpcException">Nothing.</exception>
    internal Stat Stat(string path) => At(path, () => Describe(path.Trim('/') is { Length: > 0 } clean ? clean : ".", Path.GetFileName(path)))
        ?? throw new GrpcException(GrpcStatus.NotFound, $"stat {path}: no such file or directory");

    public void Dispose() => tree.Dispose();

    private Stat? Describe(string path, string name) => tree.Root.Stat(path) is not { } stat ? null : new Stat
    {
        Path = name, Mode = GoMode.FromLinux(stat.Mode), Uid = stat.Uid, Gid = stat.Gid, Size = stat.Size, ModTime = stat.MTimeNs,
        Linkname = stat.IsSymlink ? tree.Root.ReadLink(path) : "", Devmajor = stat.Rdev.Major, Devminor = stat.Rdev.Minor,
    };

    private static T At<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (LinuxException e)
        {
            throw new GrpcException(e.IsNotFound ? GrpcStatus.NotFound : GrpcStatus.Unknown, $"open {path}: {LinuxException.Describe(e.Errno).ToLowerInvariant()}", e);
        }
    }
}
