using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Slipway.Daemon.Logging;

/// <summary>One event as one line: time, level, message, and the room it comes from.</summary>
internal static class LogLine
{
    private static readonly JsonWriterOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Text(DateTimeOffset time, LogLevel level, string room, string message, Exception? error)
    {
        var line = new StringBuilder(128);
        line.Append(Time(time)).Append(' ').Append(Name(level).PadRight(5)).Append(' ');
        AppendOneLine(line, message);
        line.Append(" room=").Append(room);
        if (error is not null)
        {
            line.Append(" error=\"");
            AppendOneLine(line, error.ToString());
            line.Append('"');
        }

        return Encoding.UTF8.GetBytes(line.Append('\n').ToString());
    }

    public static byte[] Json(DateTimeOffset time, LogLevel level, string room, string message, Exception? error)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, s_json))
        {
            writer.WriteStartObject();
            writer.WriteString("time", Time(time));
            writer.WriteString("level", Name(level));
            writer.WriteString("msg", message);
            writer.WriteString("room", room);
            if (error is not null)
            {
                writer.WriteString("error", error.ToString());
            }

            writer.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "fatal",
    };

    // Names and messages may come from outside: a line feed in them must not look like another event.
    private static void AppendOneLine(StringBuilder line, string text)
    {
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' => line.Append("\\n"),
                '\r' => line.Append("\\r"),
                < ' ' or '\x7f' => line.Append('?'),
                _ => line.Append(c),
            };
        }
    }
}
