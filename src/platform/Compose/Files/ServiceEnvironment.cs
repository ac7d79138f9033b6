namespace Slipway.Compose.Files;

/// <summary>Puts the variables of <c>env_file</c> and the client's own into <c>environment</c>, and the labels of <c>label_file</c> into <c>labels</c>.</summary>
/// <param name="gate">Which files may be read.</param>
/// <param name="variable">The project's variables.</param>
/// <param name="files">Whether files are read; else they stay named.</param>
internal sealed class ServiceEnvironment(FileGate gate, Func<string, string?> variable, bool files)
{
    public Mapping Apply(Mapping document)
    {
        Mapping services = new(document["services"]!.At);
        foreach (Mapping.Entry entry in document.Map("services")!.Entries)
        {
            services.Set(entry.Key, Service((Mapping)entry.Value, $"services.{entry.Key}"), entry.At);
        }

        return document.Copy().Set("services", services);
    }

    private Mapping Service(Mapping service, string path)
    {
        Mapping environment = new(service["environment"]?.At ?? service.At);
        foreach (Mapping file in files ? service.Items("env_file").OfType<Mapping>() : [])
        {
            foreach ((string name, string value) in Variables(file, path))
            {
                environment.Set(name, value, file.At);
            }
        }

        foreach (Mapping.Entry entry in service.Map("environment")?.Entries ?? [])
        {
            Node value = entry.Value.IsNull && variable(entry.Key) is { } own ? new Scalar(entry.Value.At, own) : entry.Value;
            environment.Set(entry.Key, value, entry.At);
        }

        Mapping result = files ? service.Copy().Remove("env_file") : service.Copy();
        if (result.Map("build")?.Map("args") is { } arguments)
        {
            result.Set("build", result.Map("build")!.Copy().Set("args", Resolved(arguments)));
        }

        if (environment.Count > 0)
        {
            result.Set("environment", environment);
        }

        return Labelled(result, path);
    }

    // A build argument without a value is the client's variable, or nothing.
    private Mapping Resolved(Mapping arguments)
    {
        Mapping result = new(arguments.At);
        foreach (Mapping.Entry entry in arguments.Entries)
        {
            if ((entry.Value.Text() ?? variable(entry.Key)) is { } value)
            {
                result.Set(entry.Key, value, entry.At);
            }
        }

        return result;
    }

    private IReadOnlyDictionary<string, string> Variables(Mapping file, string path)
    {
        string name = file.Text("path") ?? "";
        if (file.Text("required") == "false" && !File.Exists(name))
        {
            return new Dictionary<string, string>();
        }

        string text = gate.Read(name, file["path"]?.At ?? file.At, $"{path}.env_file");
        return file.Text("format") switch
        {
            null or "" => EnvFile.Read(name, text, variable),
            "raw" => EnvFile.ReadRaw(name, text, variable),
            var format => throw new ComposeException(file["format"]!.At, $"{path}.env_file", $"\"{format}\" is no format; there is raw"),
        };
    }

    private Mapping Labelled(Mapping service, string path)
    {
        if (!files || service.Items("label_file").Count == 0)
        {
            return service;
        }

        Mapping labels = new(service.At);
        foreach (Node file in service.Items("label_file"))
        {
            foreach ((string name, string value) in EnvFile.Read(file.Text()!, gate.Read(file.Text()!, file.At, $"{path}.label_file"), variable))
            {
                labels.Set(name, value, file.At);
            }
        }

        foreach (Mapping.Entry entry in service.Map("labels")?.Entries ?? [])
        {
            labels.Set(entry.Key, entry.Value, entry.At);
        }

        return service.Set("labels", labels);
    }
}
