using Slipway.Daemon;
using Slipway.Daemon.Options;

if (args is ["relay", var socket])
{
    return await Slipway.Engine.Networks.Ports.RelayProcess.RunAsync(socket, TimeProvider.System);
}

try
{
    var settings = SettingsReader.Read(args);
    return settings switch
    {
        { Help: true } => Print(HelpText.Write()),
        { Version: true } => Print($"Slipway version {DaemonProcess.Version}"),
        { Validate: true } => Print("configuration OK"),
        _ => await DaemonProcess.RunAsync(settings, () => SettingsReader.Read(args)),
    };
}
catch (OptionException e)
{
    await Console.Error.WriteLineAsync($"slipwayd: {e.Message}");
    return 1;
}

static int Print(string text)
{
    Console.Out.WriteLine(text);
    return 0;
}
