using System.Text.Json;
using Slipway.Oci;

namespace Slipway.Build.Results.Attestations;

/// <summary>What a statement is about.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Digest">Its digest.</param>
internal sealed record AttestationSubject(string Name, Digest Digest);

/// <summary>Writes statements (in-toto.io/Statement/v0.1).</summary>
internal static class Statement
{
    internal static byte[] Write(string predicateType, IReadOnlyList<AttestationSubject> subjects, Action<Utf8JsonWriter> predicate)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("_type", "https://in-toto.io/Statement/v0.1");
            json.WriteString("predicateType", predicateType);
            json.WriteStartArray("subject");
            foreach (var subject in subjects)
            {
                json.WriteStartObject();
                json.WriteString("name", subject.Name);
                json.WriteStartObject("digest");
                json.WriteString(subject.Digest.Algorithm, subject.Digest.Hex);
                json.WriteEndObject();
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartObject("predicate");
            predicate(json);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return bytes.ToArray();
    }
}
