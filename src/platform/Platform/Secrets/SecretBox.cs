using System.Security.Cryptography;
using System.Text;

namespace Slipway.Platform.Secrets;

/// <summary>Encrypts values at rest: AES-256-GCM with a key in a file that only this user reads. Written as base64 of nonce, tag and text.</summary>
public sealed class SecretBox : IDisposable
{
    private const int KeySize = 32;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly AesGcm _cipher;

    // The cipher keeps state while it works: two at once would spoil each other's result.
    private readonly Lock _turn = new();

    private SecretBox(byte[] key) => _cipher = new AesGcm(key, TagSize);

    /// <summary>Reads the key, making one at the first start.</summary>
    /// <exception cref="InvalidDataException">The file holds no key.</exception>
    public static SecretBox Open(string path)
    {
        if (!File.Exists(path))
        {
            PrivateFile.Write(path, Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeySize)));
        }

        try
        {
            var key = Convert.FromBase64String(File.ReadAllText(path).Trim());
            return key.Length == KeySize ? new SecretBox(key) : throw new InvalidDataException($"{path} holds no key of 32 bytes");
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"{path} holds no key", e);
        }
    }

    /// <summary>Encrypts a text.</summary>
    public string Seal(string text)
    {
        var plain = Encoding.UTF8.GetBytes(text);
        var sealedBytes = new byte[NonceSize + TagSize + plain.Length];
        var nonce = sealedBytes.AsSpan(0, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        lock (_turn)
        {
            _cipher.Encrypt(nonce, plain, sealedBytes.AsSpan(NonceSize + TagSize), sealedBytes.AsSpan(NonceSize, TagSize));
        }

        return Convert.ToBase64String(sealedBytes);
    }

    /// <summary>Decrypts a text.</summary>
    /// <exception cref="PlatformException">The key is another one, or somebody changed the text.</exception>
    public string Reveal(string text)
    {
        try
        {
            var bytes = Convert.FromBase64String(text);
            var plain = new byte[bytes.Length - NonceSize - TagSize];
            lock (_turn)
            {
                _cipher.Decrypt(bytes.AsSpan(0, NonceSize), bytes.AsSpan(NonceSize + TagSize), bytes.AsSpan(NonceSize, TagSize), plain);
            }

            return Encoding.UTF8.GetString(plain);
        }
        catch (Exception e) when (e is CryptographicException or FormatException or OverflowException)
        {
            throw new PlatformException(Refusal.Unavailable, "a secret cannot be decrypted: the key file is not the one it was encrypted with", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _cipher.Dispose();
}
