using System.Security.Cryptography;

namespace Slipway.Cli.Registry;

/// <summary>A public key that signatures of images are checked with: ECDSA on P-256, as <c>cosign generate-key-pair</c> makes it.</summary>
internal sealed class SigningKey : IDisposable
{
    private const string P256 = "1.2.840.10045.3.1.7";
    private const long MostBytes = 64 << 10;

    private readonly ECDsa _key = ECDsa.Create();

    private SigningKey()
    {
    }

    /// <summary>Reads a key from a PEM file.</summary>
    /// <exception cref="CommandException">It is no such key.</exception>
    public static SigningKey Read(string file)
    {
        SigningKey key = new();
        try
        {
            string text = new FileInfo(file).Length <= MostBytes ? File.ReadAllText(file) : throw new CommandException($"{file} is too large for a key");
            if (!text.Contains("-----BEGIN PUBLIC KEY-----", StringComparison.Ordinal))
            {
                throw new CommandException($"{file} is no public key in PEM form (BEGIN PUBLIC KEY)");
            }

            key._key.ImportFromPem(text);
            return key._key.ExportParameters(false).Curve.Oid.Value == P256 ? key : throw new CommandException($"the key in {file} is not on the curve P-256");
        }
        catch (Exception e)
        {
            key.Dispose();
            throw e is CommandException ? e : e is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException ? new CommandException($"cannot read the key {file}: {e.Message}") : e;
        }
    }

    /// <summary>Whether this key made a signature.</summary>
    public bool Verifies(CosignSignature signature) => _key.VerifyData(signature.Signed, signature.Signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public void Dispose() => _key.Dispose();
}
