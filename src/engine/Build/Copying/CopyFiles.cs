using Slipway.Build.Context;
using Slipway.Engine;

namespace Slipway.Build.Copying;

/// <summary>Carries out a COPY or ADD: decides for each source where it goes, and copies or unpacks it there.</summary>
internal sealed class CopyFiles(SourceTree source, LayerTarget target, CopyOrder order, CancellationToken cancel)
{
    private readonly TreeCopier _copier = new(source, target, order, cancel);

    /// <summary>Copies everything.</summary>
    /// <exception cref="EngineException">InvalidArgument when the destination cannot take it.</exception>
    internal void Run(IReadOnlyList<FoundSource> sources)
    {
        var asDirectory = order.Destination.EndsWith('/') || order.Destination.EndsWith("/.", StringComparison.Ordinal);
        if (sources.Count > 1 && !asDirectory && target.Stat(target.Resolve(order.Destination)) is not { IsDirectory: true })
        {
            throw EngineException.Invalid($"When using {order.Verb} with more than one source file, the destination must be a directory and end with a /");
        }

        foreach (var one in sources)
        {
            Copy(one, target.Resolve(order.Destination), asDirectory);
        }
    }

    private void Copy(FoundSource one, string destination, bool asDirectory)
    {
        if (one.Below.Length > 0)
        {
            CopyBelow(one, destination);
        }
        else if (one.Stat.IsDirectory)
        {
            CopyDirectory(one, order.Parents ? Join(destination, one.Name) : destination);
        }
        else if (order.Unpack && one.Stat.IsRegular && ArchiveSource.TryUnpack(source, one, target, destination, order, cancel))
        {
            return;
        }
        else
        {
            CopyFile(one, destination, asDirectory || order.Parents);
        }
    }

    private void CopyDirectory(FoundSource one, string destination)
    {
        var made = target.EnsureDirectory(destination, order.Owner);
        _copier.CopyContent(one, destination);
        if (made)
        {
            _copier.CopyDirectoryAttributes(one.Path, destination, one.Stat);
        }
    }

    private void CopyFile(FoundSource one, string destination, bool asDirectory)
    {
        var path = asDirectory || destination.Length == 0 || target.Stat(destination) is { IsDirectory: true } ? Join(destination, one.Name) : destination;
        if (path.Contains('/', StringComparison.Ordinal))
        {
            target.EnsureDirectory(path[..path.LastIndexOf('/')], order.Owner);
        }

        _copier.CopyFile(one.Path, path, one.Stat);
    }

    // The kept parents get the attributes that they have in the source.
    private void CopyBelow(FoundSource one, string destination)
    {
        target.EnsureDirectory(destination, order.Owner);
        var sourceParent = one.Path.Contains('/', StringComparison.Ordinal) ? one.Path[..one.Path.LastIndexOf('/')] : "";
        target.EnsureDirectory(Join(destination, one.Below), order.Owner);
        if (sourceParent.EndsWith(one.Below, StringComparison.Ordinal) && source.Root.Stat(sourceParent) is { IsDirectory: true } stat)
        {
            _copier.CopyDirectoryAttributes(sourceParent, Join(destination, one.Below), stat);
        }

        var path = Join(Join(destination, one.Below), one.Name);
        if (one.Stat.IsDirectory)
        {
            CopyDirectory(one, path);
        }
        else
        {
            _copier.CopyFile(one.Path, path, one.Stat);
        }
    }

    private static string Join(string directory, string name) => directory.Length == 0 ? name : $"{directory}/{name}";
}
