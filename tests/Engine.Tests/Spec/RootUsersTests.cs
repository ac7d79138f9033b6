using System.Text;
using Slipway.Engine.Containers.Spec;
using Slipway.Linux;

namespace Slipway.Engine.Tests.Spec;

/// <summary>Password and group files come from images: reliability check 42 and the identity CVEs.</summary>
public sealed class RootUsersTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("slipway-users-").FullName;

    public RootUsersTests() => Directory.CreateDirectory(Path.Combine(_root, "etc"));

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private ResolvedUser Resolve(string user, params string[] groups)
    {
        using var root = SafePath.Open(_root);
        return RootUsers.Resolve(root, user, groups);
    }

    private string Refuse(string user, params string[] groups)
    {
        var failure = Assert.Throws<EngineException>(() => Resolve(user, groups));
        Assert.Equal(ErrorKind.InvalidArgument, failure.Kind);
        return failure.Message;
    }

    private void Files(string passwd, string group = "")
    {
        File.WriteAllText(Path.Combine(_root, "etc/passwd"), passwd);
        File.WriteAllText(Path.Combine(_root, "etc/group"), group);
    }

    [Fact]
    public void WithoutFilesNumbersWork()
    {
        Assert.Equal(0u, Resolve("").Uid);
        Assert.Equal("/", Resolve("").Home);
        Assert.Equal((1000u, 0u), (Resolve("1000").Uid, Resolve("1000").Gid));
        Assert.Equal((5u, 6u), (Resolve("5:6").Uid, Resolve("5:6").Gid));
        Assert.Equal([0u, 7u], Resolve("0", "7").AdditionalGids);
    }

    [Theory]
    [InlineData("nobodyx", "unable to find user nobodyx: no matching entries in passwd file")]
    [InlineData("0:nogroupx", "unable to find group nogroupx: no matching entries in group file")]
    [InlineData("2147483648", "uids and gids must be in range 0-2147483647")]
    [InlineData("4294967296", "uids and gids must be in range 0-2147483647")]
    [InlineData("-1", "uids and gids must be in range 0-2147483647")]
    [InlineData("99999999999999999999", "uids and gids must be in range 0-2147483647")]
    [InlineData("0:2147483648", "uids and gids must be in range 0-2147483647")]
    public void UnknownAndOutOfRangeIsRefused(string user, string message) => Assert.Equal(message, Refuse(user));

    [Fact]
    public void AGroupToAddMustExist() => Assert.Equal("unable to find group x: no matching entries in group file", Refuse("0", "x"));

    [Fact]
    public void ANumberIsNeverAName()
    {
        Files("1000:x:0:0::/root:/bin/sh\n0:x:500:500::/:/bin/sh\nuser:x:1000:100::/h:/bin/sh\n", "100:x:0:\n");
        Assert.Equal((1000u, 100u, "/h"), (Resolve("1000").Uid, Resolve("1000").Gid, Resolve("1000").Home));
        Assert.Equal(0u, Resolve("0").Uid);
        Assert.Equal(100u, Resolve("0:100").Gid);
    }

    [Fact]
    public void OverflowingEntriesDoNotBecomeRoot()
    {
        Files("big:x:4294967296:4294967296::/:/bin/sh\nbad:x:abc:0::/:/bin/sh\n", "g:x:4294967296:\n");
        Assert.Equal("uids and gids must be in range 0-2147483647", Refuse("big"));
        Assert.Equal("uids and gids must be in range 0-2147483647", Refuse("bad"));
        Assert.Equal("uids and gids must be in range 0-2147483647", Refuse("0:g"));
    }

    [Fact]
    public void SupplementaryGroupsComeFromTheGroupFile()
    {
        Files("a:x:1:2::/:/bin/sh\n", "# comment\n\none:x:10:b,a\ntwo:x:11:aa\nthree:x:12:a\n");
        Assert.Equal([2u, 10u, 12u, 11u], Resolve("a", "two").AdditionalGids);
        Assert.Equal([11u], Resolve("a:two").AdditionalGids);
    }

    [Theory]
    [InlineData("fifo")]
    [InlineData("directory")]
    [InlineData("huge")]
    [InlineData("device")]
    [InlineData("longline")]
    [InlineData("loop")]
    public async Task HostileFilesFailQuickly(string kind)
    {
        var path = Path.Combine(_root, "etc/passwd");
        using (var root = SafePath.Open(_root))
        {
            switch (kind)
            {
                case "fifo":
                    root.CreateFifo("etc/passwd", UnixFileMode.UserRead);
                    break;
                case "directory":
                    Directory.CreateDirectory(path);
                    break;
                case "huge":
                    using (var file = File.Create(path))
                    {
                        file.SetLength(1L << 30);
                    }

                    break;
                case "device":
                    root.CreateNode("etc/passwd", 0x2000 | 0x1B6, new DeviceNumber(1, 5));
                    break;
                case "longline":
                    File.WriteAllText(path, new string('x', RootUsers.MaxLine + 1));
                    break;
                default:
                    File.CreateSymbolicLink(path, "passwd");
                    break;
            }
        }

        var message = await Task.Run(() => Refuse("")).WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Contains("/etc/passwd of the container", message);
    }

    [Fact]
    public void LinksStayInsideTheRoot()
    {
        File.CreateSymbolicLink(Path.Combine(_root, "etc/passwd"), "../../../../../etc/passwd");
        Assert.Contains("regular file", Refuse("daemon"));
        File.Delete(Path.Combine(_root, "etc/passwd"));
        File.WriteAllText(Path.Combine(_root, "real"), "daemon:x:77:77::/:/bin/sh\n", Encoding.ASCII);
        File.CreateSymbolicLink(Path.Combine(_root, "etc/passwd"), "/real");
        Assert.Equal(77u, Resolve("daemon").Uid);
    }
}
