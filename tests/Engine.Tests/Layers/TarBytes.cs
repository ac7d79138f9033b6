using System.Text;

namespace Slipway.Engine.Tests.Layers;

/// <summary>Writes tar archives byte by byte, so that tests can say things no honest writer says.</summary>
internal sealed class TarBytes
{
    private readonly MemoryStream _out = new();

    internal TarBytes File(string name, string content = "", int mode = 0x1A4, uint uid = 0, uint gid = 0, long mtime = 1000, (string, string)[]? xattrs = null) =>
        File(name, Encoding.UTF8.GetBytes(content), mode, uid, gid, mtime, xattrs);

    internal TarBytes File(string name, byte[] content, int mode = 0x1A4, uint uid = 0, uint gid = 0, long mtime = 1000, (string, string)[]? xattrs = null)
    {
        if (xattrs is not null)
        {
            Pax([.. xattrs.Select(x => ("SCHILY.xattr." + x.Item1, x.Item2))]);
        }

        Entry('0', name, "", mode, uid, gid, content.Length, mtime);
        return Data(content);
    }

    internal TarBytes Dir(string name, int mode = 0x1ED, uint uid = 0, uint gid = 0, long mtime = 1000) => Entry('5', name, "", mode, uid, gid, 0, mtime);

    internal TarBytes Link(string name, string target) => Entry('2', name, target, 0x1FF, 0, 0, 0, 1000);

    internal TarBytes Hard(string name, string target) => Entry('1', name, target, 0x1A4, 0, 0, 0, 1000);

    internal TarBytes Node(char type, string name, int major, int minor, int mode = 0x1B6) => Entry(type, name, "", mode, 0, 0, 0, 1000, major, minor);

    internal TarBytes Pax(params (string Key, string Value)[] records)
    {
        var body = new MemoryStream();
        foreach (var (key, value) in records)
        {
            var rest = Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value) + 3;
            var length = rest + 1;
            while (length != rest + length.ToString().Length)
            {
                length = rest + length.ToString().Length;
            }

            body.Write(Encoding.UTF8.GetBytes($"{length} {key}={value}\n"));
        }

        Entry('x', "pax", "", 0x1A4, 0, 0, body.Length, 0);
        return Data(body.ToArray());
    }

    internal TarBytes Entry(char type, string name, string link, int mode, uint uid, uint gid, long size, long mtime, int major = 0, int minor = 0, string? rawSize = null)
    {
        var block = new byte[512];
        var raw = Encoding.UTF8.GetBytes(name);
        if (raw.Length > 100)
        {
            Entry('L', "././@LongLink", "", 0, 0, 0, raw.Length + 1, 0);
            Data([.. raw, 0]);
            raw = raw[..100];
        }

        raw.CopyTo(block, 0);
        Encoding.UTF8.GetBytes(link)[..Math.Min(100, Encoding.UTF8.GetByteCount(link))].CopyTo(block, 157);
        Octal(block, 100, 8, mode);
        Octal(block, 108, 8, uid);
        Octal(block, 116, 8, gid);
        if (rawSize is null)
        {
            Octal(block, 124, 12, size);
        }
        else
        {
            Encoding.Latin1.GetBytes(rawSize).CopyTo(block, 124);
        }

        Octal(block, 136, 12, mtime);
        block[156] = (byte)type;
        "ustar\00000"u8.ToArray().AsSpan(0, 6).CopyTo(block.AsSpan(257));
        block[263] = block[264] = (byte)'0';
        Octal(block, 329, 8, major);
        Octal(block, 337, 8, minor);
        block.AsSpan(148, 8).Fill((byte)' ');
        Octal(block, 148, 7, block.Sum(b => b));
        _out.Write(block);
        return this;
    }

    internal TarBytes Data(byte[] content)
    {
        _out.Write(content);
        _out.Write(new byte[-content.Length & 511]);
        return this;
    }

    internal byte[] End()
    {
        _out.Write(new byte[1024]);
        return _out.ToArray();
    }

    internal byte[] Truncated(int bytes) => _out.ToArray()[..^bytes];

    private static void Octal(byte[] block, int offset, int length, long value) =>
        Encoding.ASCII.GetBytes(Convert.ToString(value, 8).PadLeft(length - 1, '0')).CopyTo(block, offset);
}
