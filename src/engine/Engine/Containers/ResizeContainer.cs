using System.Text;
using Slipway.Engine.Execs;
using Slipway.Linux;

namespace Slipway.Engine.Containers;

/// <summary><c>docker resize</c>: tells conmon the size of a terminal through its <c>ctl</c> fifo.</summary>
public sealed class ResizeContainer
{
    /// <summary>Sets the size of a running container's terminal.</summary>
    /// <exception cref="EngineException">It does not run, or a size is out of range.</exception>
    public void Run(Container container, int height, int width)
    {
        if (container.Task is not { } task)
        {
            throw EngineException.Conflict($"Container {container.Id} is not running");
        }

        Write(task.BundlePath, height, width);
    }

    /// <summary>Sets the size of a running exec's terminal.</summary>
    /// <exception cref="EngineException">It does not run, or a size is out of range.</exception>
    public void Run(Exec exec, int height, int width)
    {
        if (!exec.Running)
        {
            throw EngineException.Conflict($"exec {exec.Id} is not running");
        }

        Write(exec.Directory, height, width);
    }

    private static void Write(string directory, int height, int width)
    {
        if (height is < 0 or > ushort.MaxValue || width is < 0 or > ushort.MaxValue)
        {
            throw EngineException.Invalid("invalid terminal size");
        }

        try
        {
            // A fifo has no positions, which RandomAccess asks for.
            using var control = new FileStream(Fifo.OpenWrite(Path.Combine(directory, "ctl")), FileAccess.Write, bufferSize: 0);
            control.Write(Encoding.ASCII.GetBytes($"1 {height} {width}\n"));
        }
        catch (IOException)
        {
            // Its process has just ended: there is no terminal left to resize.
        }
    }
}
