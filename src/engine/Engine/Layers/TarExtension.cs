namespace Slipway.Engine.Layers;

/// <summary>What extension headers said about the entry that follows them.</summary>
internal sealed class TarExtension
{
    internal PaxRecords? Pax { get; set; }

    internal string? LongName { get; set; }

    internal string? LongLink { get; set; }

    internal TarEntry Build(TarHeader header)
    {
        var name = Pax?.SparseName ?? Pax?.Path ?? LongName ?? header.Name;
        var link = Pax?.LinkPath ?? LongLink ?? header.LinkName;
        if (System.Text.Encoding.UTF8.GetByteCount(name) > TarInput.MaxName || System.Text.Encoding.UTF8.GetByteCount(link) > TarInput.MaxName)
        {
            throw new TarException("a name is longer than 4096 bytes");
        }

        var kind = Kind(header.Type, name);
        return new TarEntry
        {
            Kind = kind,
            Name = name,
            LinkName = link,
            Mode = (UnixFileMode)header.Mode,
            Uid = Id(Pax?.Uid ?? header.Uid),
            Gid = Id(Pax?.Gid ?? header.Gid),
            ModifiedNs = Pax?.ModifiedNs ?? TarInput.Nanoseconds(header.Modified * 1_000_000_000m),
            Major = kind is TarKind.CharacterDevice or TarKind.BlockDevice ? Device(header.Major, 0xfffff) : 0,
            Minor = kind is TarKind.CharacterDevice or TarKind.BlockDevice ? Device(header.Minor, 0xffffff) : 0,
            Attributes = Pax?.Attributes,
        };
    }

    private static TarKind Kind(char type, string name) => type switch
    {
        '0' or '\0' => name.EndsWith('/') ? TarKind.Directory : TarKind.File,
        '7' or 'S' => TarKind.File,
        '1' => TarKind.HardLink,
        '2' => TarKind.SymbolicLink,
        '3' => TarKind.CharacterDevice,
        '4' => TarKind.BlockDevice,
        '5' => TarKind.Directory,
        '6' => TarKind.Fifo,
        _ => TarKind.Other,
    };

    // (uid_t)-1 means "leave it" to chown(2), so it can be nobody's id.
    private static uint Id(long id) => id is >= 0 and < uint.MaxValue ? (uint)id : throw new TarException($"owner {id} is out of range");

    private static uint Device(long number, long most) =>
        number >= 0 && number <= most ? (uint)number : throw new TarException("a device number is out of range");
}
