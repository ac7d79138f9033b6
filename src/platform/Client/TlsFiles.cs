namespace Slipway.Client;

/// <summary>The files of a TLS connection, all PEM.</summary>
/// <param name="CaCertificate">Certificates of the authorities that the engine's must come from; null for the machine's own.</param>
/// <param name="Certificate">The client's certificate, or null.</param>
/// <param name="Key">The client's key, or null.</param>
/// <param name="Verify">Whether the engine's certificate is checked.</param>
public sealed record TlsFiles(string? CaCertificate, string? Certificate, string? Key, bool Verify);
