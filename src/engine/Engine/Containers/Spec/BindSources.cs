namespace Slipway.Engine.Containers.Spec;

/// <summary>Host paths of bind mounts at the start of a container.</summary>
public static class BindSources
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Makes missing directories of the short notation and of <c>CreateMountpoint</c>; refuses other missing sources.</summary>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> when a source is missing and may not be made.</exception>
    public static void Ensure(IReadOnlyList<ContainerMount> mounts)
    {
        foreach (var mount in mounts.Where(mount => mount.Type == "bind" && !Path.Exists(mount.Source)))
        {
            if (mount.Spec is { } spec && spec.BindOptions?.CreateMountpoint != true)
            {
                throw EngineException.Invalid($"invalid mount config for type \"bind\": bind source path does not exist: {mount.Source}");
            }

            try
            {
                Directory.CreateDirectory(mount.Source, Mode);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw EngineException.Invalid($"error while creating mount source path '{mount.Source}': {e.Message}", e);
            }
        }
    }
}
