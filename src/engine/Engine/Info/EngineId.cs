using System.Text;
using Slipway.Linux;

namespace Slipway.Engine.Info;

/// <summary>The identity of this engine, made once and kept with its data.</summary>
public static class EngineId
{
    /// <summary>Reads the id, or makes one.</summary>
    public static string ReadOrCreate(EnginePaths paths)
    {
        var file = Path.Combine(paths.DataRoot, "engine-id");
        if (File.Exists(file) && Guid.TryParse(File.ReadAllText(file).Trim(), out var known))
        {
            return known.ToString();
        }

        var id = Guid.NewGuid().ToString();
        DurableFile.WriteAllBytes(file, Encoding.ASCII.GetBytes(id + "\n"));
        return id;
    }
}
