using System.Text;
using Slipway.Build.Dockerfile;

namespace Slipway.Build.Tests;

/// <summary>Random and mutated input: each is read or refused with a diagnostic. The seed is printed by a failure.</summary>
public sealed class FuzzTests
{
    private static readonly string[] Pieces =
    [
        "FROM a\n", "FROM a AS b\n", "RUN ", "COPY ", "ADD ", "ENV ", "ARG ", "ONBUILD ", "HEALTHCHECK ", "EXPOSE ", "--mount=type=cache,target=/x ",
        "--from=b ", "<<EOF", "<<-'EOF'", "\nEOF\n", "\n", "\\\n", "$X", "${X", "}", "${X:-", "${X//a/", "\"", "'", "[\"a\"]", "[", "# escape=`\n",
        "# check=skip=all\n", "#", " ", "\t", "=", "\0", "é", "\uFEFF", "https://a/b.git#c:d ", "8080-8090/tcp", "CMD", "`", "\\", ",", ":", "..", "/",
    ];

    public static TimeSpan Time => TimeSpan.FromSeconds(
        int.TryParse(Environment.GetEnvironmentVariable("SLIPWAY_FUZZ_SECONDS"), out var seconds) ? seconds : 20);

    [Fact]
    public void Parser() => Run(text => DockerfileParser.Parse(text));

    [Fact]
    public void Graph() => Run(text =>
    {
        var file = DockerfileParser.Parse((byte[])[.. "FROM scratch\n"u8, .. text]);
        _ = Slipway.Build.Graph.GraphMaker.MakeAsync(file, Graphs.Amd64, (image, _) => ValueTask.FromResult(Graphs.Resolve(image)))
            .WaitAsync(TimeSpan.FromSeconds(10)).GetAwaiter().GetResult();
    });

    [Fact]
    public void Expansion() => Run(text =>
    {
        try
        {
            new WordExpander().Split(Encoding.UTF8.GetString(text), name => name == "X" ? "va l*ue" : null);
        }
        catch (SyntaxFault)
        {
            // Refused, which is fine.
        }
    });

    private static void Run(Action<byte[]> read)
    {
        var end = Environment.TickCount64 + (long)Time.TotalMilliseconds;
        for (var seed = Environment.TickCount; Environment.TickCount64 < end; seed++)
        {
            var text = Make(new Random(seed));
            try
            {
                read(text);
            }
            catch (DockerfileException error)
            {
                Assert.True(error.Diagnostic.Span.Line >= 1 && error.Diagnostic.Span.Column >= 1, $"seed {seed}: no place");
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}: {error}\n{Convert.ToBase64String(text)}");
            }
        }
    }

    private static byte[] Make(Random random)
    {
        var text = new StringBuilder(random.Next(2) == 0 ? "FROM a\n" : "");
        for (var i = random.Next(30); i > 0; i--)
        {
            text.Append(Pieces[random.Next(Pieces.Length)]);
        }

        var bytes = Encoding.UTF8.GetBytes(text.ToString());
        if (bytes.Length > 0 && random.Next(4) == 0)
        {
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        }

        return bytes;
    }
}
