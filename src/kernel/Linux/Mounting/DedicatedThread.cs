using System.Runtime.ExceptionServices;

namespace Slipway.Linux;

/// <summary>A thread that may change its namespaces because it ends afterwards and never serves anybody else.</summary>
internal static class DedicatedThread
{
    internal static T Run<T>(string name, Func<T> work)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                result = work();
            }
            catch (Exception caught)
            {
                failure = ExceptionDispatchInfo.Capture(caught);
            }
        })
        { IsBackground = true, Name = name };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
