using System.Buffers;
using System.Text;

namespace Slipway.BuildKitApi.Http2;

/// <summary>Writes header fields in their plainest form: each in full, none remembered (RFC 7541 section 6.2.2).</summary>
internal static class HeaderWriter
{
    /// <summary>A block of fields.</summary>
    internal static byte[] Write(IEnumerable<KeyValuePair<string, string>> fields)
    {
        var block = new ArrayBufferWriter<byte>();
        foreach (var (name, value) in fields)
        {
            Octet(block, 0);
            Text(block, name);
            Text(block, value);
        }

        return block.WrittenSpan.ToArray();
    }

    private static void Text(ArrayBufferWriter<byte> block, string text)
    {
        const int most = 0x7F;
        var bytes = Encoding.UTF8.GetBytes(text);
        if (bytes.Length < most)
        {
            Octet(block, (byte)bytes.Length);
        }
        else
        {
            Octet(block, most);
            var rest = bytes.Length - most;
            for (; rest >= 0x80; rest >>= 7)
            {
                Octet(block, (byte)((rest & 0x7F) | 0x80));
            }

            Octet(block, (byte)rest);
        }

        block.Write(bytes);
    }

    private static void Octet(ArrayBufferWriter<byte> block, byte value)
    {
        block.GetSpan(1)[0] = value;
        block.Advance(1);
    }
}
