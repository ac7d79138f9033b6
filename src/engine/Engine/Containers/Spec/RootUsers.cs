using System.Globalization;
using System.Text;
using Slipway.Linux;

namespace Slipway.Engine.Containers.Spec;

/// <summary>Who a process runs as.</summary>
/// <param name="Uid">User id.</param>
/// <param name="Gid">Primary group id.</param>
/// <param name="AdditionalGids">Supplementary groups, the primary one first.</param>
/// <param name="Home">Home directory from the password file, <c>/</c> when the user is not in it.</param>
public sealed record ResolvedUser(uint Uid, uint Gid, IReadOnlyList<uint> AdditionalGids, string Home);

/// <summary>
/// Users and groups by the files of a container's own root. These come from an image and are read with suspicion: confined to the
/// root, regular files only, of bounded size. A number is always an id and never a name, so that an image cannot make <c>--user 1000</c>
/// mean root by naming root "1000".
/// </summary>
public static class RootUsers
{
    /// <summary>Most bytes of a password or group file.</summary>
    public const int MaxFile = 4 << 20;

    /// <summary>Most bytes of one of its lines.</summary>
    public const int MaxLine = 64 << 10;

    private const string Range = "uids and gids must be in range 0-2147483647";

    /// <summary>Resolves <c>[user][:group]</c>, names or numbers, and further groups.</summary>
    /// <param name="root">The container's root.</param>
    /// <param name="user">Empty for root.</param>
    /// <param name="groupAdd">Groups the process joins besides, names or numbers.</param>
    /// <exception cref="EngineException"><see cref="ErrorKind.InvalidArgument"/> for unknown names, ids out of range and files that cannot be read safely.</exception>
    public static ResolvedUser Resolve(SafePath root, string user, IEnumerable<string> groupAdd)
    {
        var colon = user.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? user : user[..colon];
        var group = colon < 0 ? "" : user[(colon + 1)..];
        var added = groupAdd.ToList();

        var uid = NumericId(name.Length == 0 ? "0" : name);
        var entry = FindUser(root, name, uid);
        if (entry is null && uid is null)
        {
            throw EngineException.Invalid($"unable to find user {name}: no matching entries in passwd file");
        }

        var account = entry ?? new Account("", uid!.Value, 0, "/");
        var groups = new GroupSearch(group, added, group.Length == 0 && entry is not null ? account.Name : null);
        groups.Read(root);
        var gid = group.Length > 0 ? groups.Id(group) : account.Gid;
        IEnumerable<uint> all = [gid, .. groups.Memberships, .. added.Select(groups.Id)];
        return new ResolvedUser(account.Uid, gid, [.. all.Distinct()], account.Home);
    }

    private static Account? FindUser(SafePath root, string name, uint? uid)
    {
        Account? found = null;
        ForEachLine(root, "etc/passwd", line =>
        {
            // name:password:uid:gid:comment:home:shell
            var fields = line.Split(':');
            if (found is null && fields.Length >= 4 && (uid is { } id ? ParseId(fields[2]) == id : fields[0] == name))
            {
                found = new Account(
                    fields[0], RequireId(fields[2]), RequireId(fields[3]), fields.Length > 5 && fields[5].Length > 0 ? fields[5] : "/");
            }
        });
        return found;
    }

    /// <summary>The id that a text of digits is; null for names.</summary>
    private static uint? NumericId(string text) =>
        text.Length > 0 && text.All(char.IsAsciiDigit) ? RequireId(text) : text.StartsWith('-') && long.TryParse(text, CultureInfo.InvariantCulture, out _)
            ? throw EngineException.Invalid(Range) : null;

    private static uint RequireId(string digits) => ParseId(digits) ?? throw EngineException.Invalid(Range);

    private static uint? ParseId(string digits) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? (uint)id : null;

    private static void ForEachLine(SafePath root, string path, Action<string> action)
    {
        byte[] content;
        try
        {
            using var file = root.OpenRead(path);
            var length = RandomAccess.GetLength(file);
            if (length > MaxFile)
            {
                throw EngineException.Invalid($"/{path} of the container is larger than {MaxFile >> 20} MiB");
            }

            content = new byte[length];
            var read = 0;
            while (read < content.Length && RandomAccess.Read(file, content.AsSpan(read), read) is var count and > 0)
            {
                read += count;
            }
        }
        catch (LinuxException e) when (e.IsNotFound)
        {
            return;
        }
        catch (LinuxException e)
        {
            throw EngineException.Invalid($"/{path} of the container cannot be read: it is no regular file ({LinuxException.Describe(e.Errno)})", e);
        }

        foreach (var range in content.AsSpan().Split((byte)'\n'))
        {
            var line = content.AsSpan(range).Trim(" \t\r"u8);
            if (line.Length > MaxLine)
            {
                throw EngineException.Invalid($"/{path} of the container has a line longer than {MaxLine >> 10} KiB");
            }

            if (!line.IsEmpty && line[0] != '#')
            {
                action(Encoding.UTF8.GetString(line));
            }
        }
    }

    private sealed record Account(string Name, uint Uid, uint Gid, string Home);

    /// <summary>One pass over the group file for everything that is wanted from it.</summary>
    private sealed class GroupSearch(string primary, IReadOnlyList<string> added, string? member)
    {
        private readonly Dictionary<string, uint> _ids = [];

        /// <summary>Groups that list the user.</summary>
        public List<uint> Memberships { get; } = [];

        public void Read(SafePath root)
        {
            var wanted = added.Append(primary).ToHashSet();
            ForEachLine(root, "etc/group", line =>
            {
                // name:password:gid:member,member
                var fields = line.Split(':');
                if (fields.Length < 3)
                {
                    return;
                }

                if (wanted.Contains(fields[0]) && NumericId(fields[0]) is null)
                {
                    _ids.TryAdd(fields[0], RequireId(fields[2]));
                }

                if (member is not null && fields.Length > 3 && fields[3].Split(',').Contains(member))
                {
                    Memberships.Add(RequireId(fields[2]));
                }
            });
        }

        public uint Id(string group) =>
            NumericId(group) ?? (_ids.TryGetValue(group, out var id)
                ? id : throw EngineException.Invalid($"unable to find group {group}: no matching entries in group file"));
    }
}
