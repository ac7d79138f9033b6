using Slipway.Platform;
using Slipway.Platform.Settings;

try
{
    await PlatformServer.RunAsync(ServerOptions.Parse(args));
    return 0;
}
catch (Exception e) when (e is FormatException or InvalidDataException or IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"slipway-server: {e.Message}");
    return 1;
}
