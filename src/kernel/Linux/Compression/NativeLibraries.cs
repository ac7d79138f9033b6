namespace Slipway.Linux;

/// <summary>The system's compression libraries are loaded when they are first needed.</summary>
internal static class NativeLibraries
{
    internal static T Call<T>(string library, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (DllNotFoundException)
        {
            throw new NotSupportedException($"{library} is not installed on this machine");
        }
    }
}
