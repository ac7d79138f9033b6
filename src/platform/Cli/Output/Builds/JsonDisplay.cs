using System.Text;
using System.Text.Json;
using Slipway.BuildClient;

namespace Slipway.Cli.Output.Builds;

/// <summary>Progress for programs: one JSON object a line, as <c>docker buildx build --progress=rawjson</c> writes them.</summary>
internal sealed class JsonDisplay(TextWriter output) : BuildDisplay(output)
{
    public override void Show(BuildUpdate update)
    {
        using MemoryStream line = new();
        using (Utf8JsonWriter json = new(line))
        {
            json.WriteStartObject();
            List(json, "vertexes", update.Steps, Step);
            List(json, "statuses", update.Parts, Part);
            List(json, "logs", update.Output, Printed);
            List(json, "warnings", update.Warnings, Warning);
            json.WriteEndObject();
        }

        Output.WriteLine(Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length));
        Output.Flush();
    }

    private static void List<T>(Utf8JsonWriter json, string name, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        if (items.Count == 0)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (T item in items)
        {
            json.WriteStartObject();
            write(json, item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Step(Utf8JsonWriter json, StepChange step)
    {
        json.WriteString("digest", step.Digest);
        if (step.Inputs.Count > 0)
        {
            json.WriteStartArray("inputs");
            foreach (string input in step.Inputs)
            {
                json.WriteStringValue(input);
            }

            json.WriteEndArray();
        }

        json.WriteString("name", step.Name);
        Time(json, "started", step.Started);
        Time(json, "completed", step.Completed);
        if (step.Cached)
        {
            json.WriteBoolean("cached", true);
        }

        if (step.Error.Length > 0)
        {
            json.WriteString("error", step.Error);
        }
    }

    private static void Part(Utf8JsonWriter json, StepPart part)
    {
        json.WriteString("id", part.Id);
        json.WriteString("vertex", part.Step);
        json.WriteString("name", part.Name);
        json.WriteNumber("total", part.Total);
        json.WriteNumber("current", part.Current);
        Time(json, "timestamp", part.Time);
        Time(json, "started", part.Started);
        Time(json, "completed", part.Completed);
    }

    private static void Printed(Utf8JsonWriter json, StepOutput printed)
    {
        json.WriteString("vertex", printed.Step);
        json.WriteNumber("stream", printed.Stream);
        json.WriteBase64String("data", printed.Data.Span);
        Time(json, "timestamp", printed.Time);
    }

    private static void Warning(Utf8JsonWriter json, StepWarning warning)
    {
        json.WriteString("vertex", warning.Step);
        json.WriteNumber("level", 1);
        json.WriteBase64String("short", Encoding.UTF8.GetBytes(warning.Short));
        json.WriteString("url", warning.Url);
    }

    private static void Time(Utf8JsonWriter json, string name, DateTimeOffset? time)
    {
        if (time is { } known)
        {
            json.WriteString(name, known.UtcDateTime);
        }
    }
}
