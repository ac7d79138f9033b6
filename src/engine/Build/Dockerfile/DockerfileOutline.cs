using System.Text;
using System.Text.Json;

namespace Slipway.Build.Dockerfile;

/// <summary>What a Dockerfile offers, without building it: its targets, and what may be given to one of them (BuildKit's subrequests <c>targets</c> and <c>outline</c>).</summary>
public sealed class DockerfileOutline
{
    private readonly ParsedDockerfile _file;
    private readonly string[] _lines;

    /// <summary>Reads a Dockerfile.</summary>
    /// <exception cref="DockerfileException">It is none.</exception>
    public DockerfileOutline(byte[] text, string fileName)
    {
        _file = DockerfileParser.Parse(text, fileName);
        _lines = Encoding.UTF8.GetString(text).Split('\n');
    }

    /// <summary>The stages that can be built, as JSON and as text.</summary>
    public (byte[] Json, string Text) Targets()
    {
        var text = new StringBuilder("TARGET\tDESCRIPTION\n");
        var json = Write(json =>
        {
            json.WriteStartArray("targets");
            foreach (var (number, stage) in _file.Stages.Index())
            {
                var last = number == _file.Stages.Count - 1;
                var description = Description(stage.From.Span.Line, stage.From.Stage);
                json.WriteStartObject();
                json.WriteString("name", stage.From.Stage);
                json.WriteBoolean("default", last);
                json.WriteString("description", description);
                json.WriteString("base", stage.From.Base);
                Place(json, stage.From.Span.Line);
                json.WriteEndObject();
                if (stage.From.Stage.Length > 0 || last)
                {
                    text.Append(stage.From.Stage.Length > 0 ? stage.From.Stage : "(default)").Append(last && stage.From.Stage.Length > 0 ? " (default)" : "").Append('\t').Append(description).Append('\n');
                }
            }

            json.WriteEndArray();
        });
        return (json, text.ToString());
    }

    /// <summary>Arguments, secrets, agents and cache mounts of a target and the stages it stands on, as JSON and as text.</summary>
    /// <param name="target">The target; empty for the last stage.</param>
    /// <param name="given">Values of arguments that the build is given.</param>
    public (byte[] Json, string Text) Outline(string target, Func<string, string?> given)
    {
        var stages = Chain(target);
        var arguments = Arguments(stages, given);
        var mounts = stages.SelectMany(Runs).SelectMany(run => run.Mounts.Select(mount => (Fields: Fields(mount), run.Span.Line))).ToList();
        var text = new StringBuilder();
        var json = Write(json =>
        {
            json.WriteString("name", stages[0].From.Stage);
            json.WriteString("description", Description(stages[0].From.Span.Line, stages[0].From.Stage));
            json.WriteStartArray("args");
            text.Append("BUILD ARG\tVALUE\tDESCRIPTION\n");
            foreach (var (name, value, line) in arguments)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("description", Description(line, name));
                json.WriteString("value", value);
                Place(json, line);
                json.WriteEndObject();
                text.Append(name).Append('\t').Append(value).Append('\t').Append(Description(line, name)).Append('\n');
            }

            json.WriteEndArray();
            Mounts(json, text, "secrets", "secret", mounts, "SECRET");
            Mounts(json, text, "ssh", "ssh", mounts, "SSH");
            Mounts(json, text, "cache", "cache", mounts, null);
        });
        return (json, text.ToString());
    }

    private byte[] Write(Action<Utf8JsonWriter> body)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            body(json);
            json.WriteStartArray("sources");
            json.WriteBase64StringValue(_file.Text.Span);
            json.WriteEndArray();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    // The target first, then the stages it is made from.
    private List<StageText> Chain(string target)
    {
        var place = target.Length == 0 ? _file.Stages.Count - 1
            : _file.Stages.Index().Where(stage => string.Equals(stage.Item.From.Stage, target, StringComparison.OrdinalIgnoreCase)).Select(stage => stage.Index).DefaultIfEmpty(-1).Last();
        if (place < 0)
        {
            throw new DockerfileException(new Diagnostic(Severity.Error, FaultNumber.Stages, $"target stage \"{target}\" could not be found", _file.Stages[^1].From.Span));
        }

        List<StageText> stages = [];
        while (place >= 0)
        {
            stages.Add(_file.Stages[place]);
            var below = _file.Stages[place].From.Base;
            place = _file.Stages.Take(place).Index().Where(stage => string.Equals(stage.Item.From.Stage, below, StringComparison.OrdinalIgnoreCase)).Select(stage => stage.Index).DefaultIfEmpty(-1).Last();
        }

        return stages;
    }

    private IEnumerable<RunInstruction> Runs(StageText stage) => Range(stage).Where(number => _file.Statements[number].Keyword == Keyword.Run).Select(_file.Read).OfType<RunInstruction>();

    private static IEnumerable<int> Range(StageText stage) => Enumerable.Range(stage.First, stage.End - stage.First);

    private List<(string Name, string Value, int Line)> Arguments(List<StageText> stages, Func<string, string?> given)
    {
        var numbers = Enumerable.Range(0, _file.GlobalArguments).Concat(Enumerable.Reverse(stages).SelectMany(Range)).Where(number => _file.Statements[number].Keyword == Keyword.Arg);
        List<(string Name, string Value, int Line)> arguments = [];
        foreach (var argument in numbers.Select(_file.Read).OfType<PairsInstruction>())
        {
            foreach (var pair in argument.Pairs)
            {
                var known = arguments.FindIndex(other => other.Name == pair.Key);
                var value = given(pair.Key) ?? pair.Value ?? (known >= 0 ? arguments[known].Value : "");
                if (known >= 0)
                {
                    arguments.RemoveAt(known);
                }

                arguments.Add((pair.Key, value, argument.Span.Line));
            }
        }

        return arguments;
    }

    private static void Mounts(Utf8JsonWriter json, StringBuilder text, string member, string kind, List<(Dictionary<string, string> Fields, int Line)> mounts, string? title)
    {
        var named = mounts.Where(mount => mount.Fields.GetValueOrDefault("type") == kind)
            .Select(mount => (Id: mount.Fields.GetValueOrDefault("id") ?? (kind == "ssh" ? "default" : mount.Fields.GetValueOrDefault("target") ?? mount.Fields.GetValueOrDefault("dst") ?? ""),
                Required: mount.Fields.GetValueOrDefault("required") is "" or "true" or "1", mount.Line))
            .DistinctBy(mount => mount.Id).ToList();
        json.WriteStartArray(member);
        foreach (var (id, required, line) in named)
        {
            json.WriteStartObject();
            json.WriteString(kind == "cache" ? "ID" : "name", id);
            if (required)
            {
                json.WriteBoolean("required", true);
            }

            Place(json, line);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (title is not null && named.Count > 0)
        {
            text.Append('\n').Append(title).Append("\tREQUIRED\n");
            named.ForEach(mount => text.Append(mount.Id).Append('\t').Append(mount.Required ? "true" : "").Append('\n'));
        }
    }

    private static Dictionary<string, string> Fields(string mount) => mount.Split(',')
        .Select(field => field.Split('=', 2)).GroupBy(field => field[0]).ToDictionary(field => field.Key, field => field.Last().Length > 1 ? field.Last()[1] : "");

    // A comment above that begins with the name.
    private string Description(int line, string name)
    {
        var above = line >= 2 && line - 2 < _lines.Length ? _lines[line - 2].Trim() : "";
        var start = $"# {name} ";
        return name.Length > 0 && above.StartsWith(start, StringComparison.OrdinalIgnoreCase) ? above[start.Length..].Trim() : "";
    }

    private static void Place(Utf8JsonWriter json, int line)
    {
        json.WriteStartObject("location");
        json.WriteNumber("sourceIndex", 0);
        json.WriteStartArray("ranges");
        json.WriteStartObject();
        foreach (var end in (string[])["start", "end"])
        {
            json.WriteStartObject(end);
            json.WriteNumber("line", line);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
