namespace Slipway.Daemon.Options;

/// <summary>Flags and file, put together: what is in both is an error, since nobody could say which one counts.</summary>
public static class SettingsReader
{
    /// <summary>Reads flags and, if there is one, the configuration file.</summary>
    /// <exception cref="OptionException">Anything is unknown, malformed, refused or given twice.</exception>
    public static DaemonSettings Read(IReadOnlyList<string> arguments)
    {
        var flags = CommandLine.Read(arguments);
        var settings = new DaemonSettings();
        Apply(settings, flags);
        if (settings.Help || settings.Version)
        {
            return settings;
        }

        var named = flags.Any(f => f.Option.Flag == "config-file");
        if (named || File.Exists(settings.ConfigFile))
        {
            var file = ConfigFile.Read(settings.ConfigFile);
            RefuseConflicts(settings.ConfigFile, flags, file);
            Apply(settings, file);
        }

        Check(settings);
        return settings;
    }

    private static void Apply(DaemonSettings settings, IEnumerable<GivenOption> options)
    {
        foreach (var (option, values) in options)
        {
            foreach (var value in values)
            {
                option.Apply(settings, value);
            }
        }
    }

    private static void RefuseConflicts(string path, IReadOnlyList<GivenOption> flags, IReadOnlyList<GivenOption> file)
    {
        var conflicts = (from flag in flags
                         join key in file on flag.Option equals key.Option
                         select $"{key.Option.Key}: (from flag: {string.Join(",", flag.Values)}, from file: {string.Join(",", key.Values)})").ToList();
        if (conflicts.Count > 0)
        {
            throw new OptionException(
                $"unable to configure the daemon with file {path}: the following directives are specified both as a flag and in the configuration file: {string.Join(", ", conflicts)}");
        }
    }

    private static void Check(DaemonSettings settings)
    {
        if (settings.Hosts.Count == 0)
        {
            settings.Hosts.Add(DaemonSettings.DefaultHost);
        }

        if (settings.DefaultRuntime.Length > 0 && !settings.Runtimes.ContainsKey(settings.DefaultRuntime))
        {
            throw new OptionException($"default-runtime: no runtime is named \"{settings.DefaultRuntime}\"; there are {string.Join(", ", settings.Runtimes.Keys)}");
        }

        settings.Registry.Check();
        foreach (var host in settings.Hosts)
        {
            Listeners.ListenAddress.Parse(host, settings);
        }
    }
}
