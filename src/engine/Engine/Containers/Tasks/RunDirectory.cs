namespace Slipway.Engine.Containers.Tasks;

/// <summary>Directories of runs and execs on the exec root. Their monitor may still write into one when its end is known already.</summary>
internal static class RunDirectory
{
    private const int MostTries = 6;

    /// <summary>Deletes one with everything in it; nothing happens when it is not there.</summary>
    /// <exception cref="IOException">Somebody goes on writing into it.</exception>
    internal static async Task DeleteAsync(string path, TimeProvider time)
    {
        for (var tries = 1; Directory.Exists(path); tries++)
        {
            try
            {
                Directory.Delete(path, recursive: true);
            }
            catch (IOException) when (tries < MostTries)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(tries * 10), time).ConfigureAwait(false);
            }
        }
    }
}
