using System.Formats.Tar;
using System.Text;
using Slipway.Oci;

namespace Slipway.Cli.Registry;

/// <summary>An OCI image layout in a tar archive, as <c>save</c> writes and <c>load</c> reads it. Read where it lies; nothing is unpacked.</summary>
internal sealed class SourceArchive : ImagePlace
{
    private readonly FileStream _file;
    private readonly string _tag;
    private readonly Dictionary<string, (long Offset, long Length)> _entries = new(StringComparer.Ordinal);

    private SourceArchive(FileStream file, string tag) => (_file, _tag) = (file, tag);

    public static async Task<SourceArchive> OpenAsync(string path, string tag)
    {
        SourceArchive archive = new(File.OpenRead(path), tag);
        await using TarReader reader = new(archive._file, leaveOpen: true);
        while (await reader.GetNextEntryAsync() is { } entry)
        {
            if (entry.DataStream is { Length: > 0 } data)
            {
                archive._entries[entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name] = (entry.DataOffset, data.Length);
            }
        }

        return archive._entries.ContainsKey("index.json") ? archive : throw new CommandException($"{path} is no archive of an OCI image layout");
    }

    public override async Task<Document?> FindAsync(string reference)
    {
        if (Digest.TryParse(reference, out Digest digest))
        {
            return await ReadAsync(NameOf(digest)) is { } content ? new Document(LayoutIndex.TypeOf(content), content, digest).Checked() : null;
        }

        Oci.Index index = Oci.Index.Parse((await ReadAsync("index.json"))!);
        Descriptor? found = LayoutIndex.Choose(index, reference.Length > 0 ? reference : _tag, exact: reference.Length > 0);
        return found is not null && await ReadAsync(NameOf(found.Digest)) is { } manifest ? new Document(found.MediaType, manifest, found.Digest).Checked() : null;
    }

    public override async Task<IReadOnlyList<Descriptor>> ReferrersAsync(Digest subject) => await LayoutIndex.ReferrersAsync(Oci.Index.Parse((await ReadAsync("index.json"))!), subject, this);

    public override Task<Stream> OpenAsync(Descriptor blob) => _entries.TryGetValue(NameOf(blob.Digest), out (long Offset, long Length) entry)
        ? Task.FromResult<Stream>(new FilePart(_file, entry.Offset, entry.Length))
        : throw new CommandException($"blob {blob.Digest} is not in the archive");

    public override Task<bool> HasAsync(Descriptor blob, ImagePlace source) => throw new NotSupportedException();

    public override Task WriteAsync(Descriptor blob, Stream content) => throw new NotSupportedException();

    public override Task WriteAsync(Document document, string reference) => throw new NotSupportedException();

    public override ValueTask DisposeAsync() => _file.DisposeAsync();

    internal static string NameOf(Digest digest) => $"blobs/{digest.Algorithm}/{digest.Hex}";

    private async Task<byte[]?> ReadAsync(string name)
    {
        if (!_entries.TryGetValue(name, out (long Offset, long Length) entry))
        {
            return null;
        }

        if (entry.Length > 4 << 20)
        {
            throw new CommandException($"{name} is too large");
        }

        byte[] content = new byte[entry.Length];
        await using FilePart part = new(_file, entry.Offset, entry.Length);
        await part.ReadExactlyAsync(content);
        return content;
    }
}

/// <summary>A part of a file as a stream of its own. Does not own the file.</summary>
internal sealed class FilePart(FileStream file, long offset, long length) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get => _position; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int read = RandomAccess.Read(file.SafeFileHandle, buffer[..(int)Math.Min(buffer.Length, length - _position)], offset + _position);
        _position += read;
        return read;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>Writes an OCI image layout as a tar archive, blob by blob; it gets its name when it is whole.</summary>
internal sealed class TargetArchive : ImagePlace
{
    private readonly string _path;
    private readonly string _tag;
    private readonly FileStream _file;
    private readonly TarWriter _tar;
    private readonly HashSet<Digest> _written = [];
    private Oci.Index _index = new() { MediaType = MediaTypes.OciIndex };
    private bool _whole;

    public TargetArchive(string path, string tag)
    {
        (_path, _tag) = (path, tag);
        _file = File.Create(path + ".part");
        _tar = new TarWriter(_file, TarEntryFormat.Pax, leaveOpen: true);
    }

    public override Task<Document?> FindAsync(string reference) => throw new NotSupportedException();

    public override Task<Stream> OpenAsync(Descriptor blob) => throw new NotSupportedException();

    public override Task<bool> HasAsync(Descriptor blob, ImagePlace source) => Task.FromResult(_written.Contains(blob.Digest));

    public override async Task WriteAsync(Descriptor blob, Stream content)
    {
        await _tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, SourceArchive.NameOf(blob.Digest)) { DataStream = content });
        _written.Add(blob.Digest);
    }

    public override async Task WriteAsync(Document document, string reference)
    {
        Descriptor descriptor = new() { MediaType = document.MediaType, Digest = document.Digest, Size = document.Content.Length };
        if (!_written.Contains(document.Digest))
        {
            using MemoryStream content = new(document.Content);
            await WriteAsync(descriptor, content);
        }

        bool isDigest = Digest.TryParse(reference, out _);
        if (!isDigest || document.Subject is not null)
        {
            _index = _index.With(descriptor, isDigest ? "" : reference.Length > 0 ? reference : _tag);
            _whole |= reference.Length == 0;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (_whole)
        {
            await EntryAsync("index.json", _index.ToBytes());
            await EntryAsync(ImageLayout.FileName, Encoding.UTF8.GetBytes("""{"imageLayoutVersion":"1.0.0"}"""));
        }

        await _tar.DisposeAsync();
        await _file.DisposeAsync();
        if (_whole)
        {
            File.Move(_path + ".part", _path, overwrite: true);
        }
        else
        {
            File.Delete(_path + ".part");
        }
    }

    private async Task EntryAsync(string name, byte[] content)
    {
        using MemoryStream data = new(content);
        await _tar.WriteEntryAsync(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = data });
    }
}
