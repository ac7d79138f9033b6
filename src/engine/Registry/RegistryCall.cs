using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Slipway.Oci;
using Slipway.Registry.Access;
using Slipway.Registry.Answers;

namespace Slipway.Registry;

/// <summary>A request that is about a repository.</summary>
/// <param name="Http">The request and its answer.</param>
/// <param name="Name">The repository, well-formed.</param>
/// <param name="Rest">What follows the noun: a digest, a tag, an upload's id; empty for none.</param>
/// <param name="Query">Decoded.</param>
/// <param name="Caller">Who asks.</param>
internal sealed record RegistryCall(HttpContext Http, string Name, string Rest, IReadOnlyDictionary<string, StringValues> Query, Caller Caller)
{
    private const int MostEntries = 10_000;

    internal CancellationToken Aborted => Http.RequestAborted;

    internal HttpRequest Request => Http.Request;

    internal HttpResponse Response => Http.Response;

    /// <summary>The digest that the address names.</summary>
    internal Digest Digest() => ReadDigest(Rest);

    internal static Digest ReadDigest(string text)
    {
        return Oci.Digest.TryParse(text, out var digest)
            ? digest
            : throw RegistryFault.DigestInvalid("provided digest is not valid: it is sha256: and 64, or sha512: and 128 lower-case hexadecimal digits");
    }

    /// <summary>A query parameter, or null.</summary>
    internal string? Parameter(string name) => Query.TryGetValue(name, out var values) && values.Count > 0 ? values[0] : null;

    /// <summary><c>?n=</c>, bounded.</summary>
    internal int Page()
    {
        if (Parameter("n") is not { } text)
        {
            return MostEntries;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n <= MostEntries
            ? n
            : throw new RegistryFault(400, "PAGINATION_NUMBER_INVALID", $"invalid number of results requested: n is a number from 0 to {MostEntries}");
    }

    internal string Header(string name) => Request.Headers.TryGetValue(name, out var values) ? values.ToString() : "";

    internal void Answer(int status)
    {
        Response.StatusCode = status;
        if (status != 204)
        {
            Response.ContentLength = 0;
        }
    }
}
