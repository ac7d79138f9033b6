using System.Text;
using System.Text.Json;
using Slipway.Distribution.Authorization;
using Slipway.Engine;

namespace Slipway.Distribution.Transport;

/// <summary>A registry's refusal (distribution-spec, error codes).</summary>
/// <param name="status">HTTP status.</param>
/// <param name="code">The spec's code, such as <c>MANIFEST_UNKNOWN</c>; empty when the answer had none.</param>
/// <param name="text">What it says, as Docker words it: <c>manifest unknown: manifest unknown</c>.</param>
internal sealed class RegistryException(int status, string code, string text) : Exception(text)
{
    private const int MaxBody = 64 << 10;
    private const int MaxText = 1024;

    internal int Status { get; } = status;

    internal string Code { get; } = code;

    /// <summary>How long the registry wants us to wait.</summary>
    internal TimeSpan? RetryAfter { get; private init; }

    /// <summary>Whether the same request may succeed later.</summary>
    internal bool IsTemporary => Status is 408 or 429 or >= 500 and not 501;

    /// <summary>The same in the engine's vocabulary.</summary>
    internal EngineException ToEngineException(string? message = null) => new(Kind(), message ?? Message, this);

    /// <summary>Reads a refusal.</summary>
    internal static async Task<RegistryException> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var body = new byte[MaxBody];
        using var stream = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        var length = await stream.ReadAtLeastAsync(body, MaxBody, throwOnEndOfStream: false, cancel).ConfigureAwait(false);
        var status = (int)response.StatusCode;
        var (code, text) = FromChallenge(response) ?? Parse(body.AsSpan(0, length)) ?? Default(status, response, body.AsSpan(0, length));
        return new RegistryException(status, code, text) { RetryAfter = response.Headers.RetryAfter?.Delta };
    }

    private ErrorKind Kind() => (Status, Code) switch
    {
        (_, "DENIED" or "MANIFEST_UNKNOWN" or "NAME_UNKNOWN" or "BLOB_UNKNOWN") or (404, _) => ErrorKind.NotFound,
        (401 or 403, _) or (_, "UNAUTHORIZED") => ErrorKind.Forbidden,
        (400, _) => ErrorKind.InvalidArgument,
        _ => ErrorKind.Unavailable,
    };

    // RFC 6750, 3.1: a token that is good, but not for this, is how Docker Hub says that a repository does not exist.
    private static (string Code, string Text)? FromChallenge(HttpResponseMessage response)
    {
        var challenges = response.Headers.TryGetValues("WWW-Authenticate", out var values) ? values.Select(Challenge.Parse) : [];
        foreach (var challenge in challenges.Where(challenge => challenge.Scheme == "bearer"))
        {
            switch (challenge["error"])
            {
                case "insufficient_scope":
                    return ("DENIED", "denied: requested access to the resource is denied");
                case "invalid_token":
                    return ("UNAUTHORIZED", "unauthorized: authentication required");
            }
        }

        return null;
    }

    private static (string Code, string Text)? Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            var reader = new Utf8JsonReader(body);
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            if (document.RootElement.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0)
            {
                var error = errors[0];
                var code = Text(error, "code");
                return (code, Clean($"{Words(code)}: {Text(error, "message")}"));
            }

            var details = Text(document.RootElement, "details");
            return details.Length > 0 ? ("", Clean(details)) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static (string Code, string Text) Default(int status, HttpResponseMessage response, ReadOnlySpan<byte> body) => status switch
    {
        401 => ("UNAUTHORIZED", "unauthorized: authentication required"),
        403 => ("DENIED", "denied: requested access to the resource is denied"),
        429 => ("TOOMANYREQUESTS", "toomanyrequests: too many requests"),
        _ => ("", Clean($"unexpected status from {response.RequestMessage?.Method} request to {Shown(response.RequestMessage?.RequestUri)}: {status} {response.ReasonPhrase}"
            + (body.Length > 0 && status >= 500 ? ": " + Encoding.UTF8.GetString(body[..Math.Min(200, body.Length)]) : ""))),
    };

    /// <summary>An address without what may be secret in it.</summary>
    internal static string Shown(Uri? address) => address?.GetLeftPart(UriPartial.Path) ?? "";

    private static string Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static string Words(string code) => code.Length == 0 ? "unknown" : code.ToLowerInvariant().Replace('_', ' ');

    // It goes to terminals and logs: no control characters, and not endlessly much.
    private static string Clean(string text) =>
        new([.. text[..Math.Min(MaxText, text.Length)].Select(c => char.IsControl(c) ? ' ' : c)]);
}
