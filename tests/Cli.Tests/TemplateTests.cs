using System.Text.Json.Nodes;
using Slipway.Cli.GoTemplate;

namespace Slipway.Cli.Tests;

public sealed class TemplateTests
{
    private const string Container =
        """{"Id":"abc","Name":"/web","State":{"Status":"running","Pid":42,"Health":null},"Config":{"Env":["A=1","B=2"],"Labels":{"x.y":"z","a":"b"},"Cmd":null},"Mounts":[{"Source":"/a"},{"Source":"/b"}],"Size":1.5}""";

    [Theory]
    [InlineData("{{.Id}}", "abc")]
    [InlineData("{{.ID}}", "abc")]
    [InlineData("{{ .State.Status }} {{.State.Pid}}", "running 42")]
    [InlineData("{{json .Config.Env}}", """["A=1","B=2"]""")]
    [InlineData("{{.Config.Env}} {{.Config.Labels}} {{.Config.Cmd}}", "[A=1 B=2] map[a:b x.y:z] []")]
    [InlineData("{{index .Config.Labels \"x.y\"}}", "z")]
    [InlineData("{{index .Config.Labels \"none\"}}", "")]
    [InlineData("{{(index .Mounts 1).Source}}", "/b")]
    [InlineData("{{range .Mounts}}{{.Source}};{{end}}", "/a;/b;")]
    [InlineData("{{range $i, $m := .Mounts}}{{$i}}={{$m.Source}} {{end}}", "0=/a 1=/b ")]
    [InlineData("{{range $k, $v := .Config.Labels}}{{$k}}={{$v}},{{end}}", "a=b,x.y=z,")]
    [InlineData("{{range .Config.Cmd}}x{{else}}empty{{end}}", "empty")]
    [InlineData("{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}", "none")]
    [InlineData("{{if .Missing}}a{{else if eq .State.Pid 42}}b{{else}}c{{end}}", "b")]
    [InlineData("{{if and (eq .State.Status \"running\") (gt .State.Pid 40)}}yes{{end}}", "yes")]
    [InlineData("{{with .State}}{{.Status}}{{$.Id}}{{end}}", "runningabc")]
    [InlineData("{{.Name | upper | printf \"%-8s|\"}}", "/WEB    |")]
    [InlineData("{{join .Config.Env \", \"}}", "A=1, B=2")]
    [InlineData("{{range split \"a,b\" \",\"}}[{{.}}]{{end}}", "[a][b]")]
    [InlineData("{{title \"hello world\"}} {{truncate \"hello\" 2}} {{pad \"x\" 1 2}}|", "Hello World he  x  |")]
    [InlineData("{{len .Mounts}} {{slice .Id 1 2}} {{not true}}", "2 b false")]
    [InlineData("{{println .Id}}", "abc\n")]
    [InlineData("{{printf \"%d %05d %.2f %q %v %t %x %%\" 7 42 .Size \"q\" .Id true 255}}", "7 00042 1.50 \"q\" abc true ff %")]
    [InlineData("a {{- /* gone */ -}} b", "ab")]
    [InlineData("a {{- .Id -}} b", "aabcb")]
    [InlineData("{{$x := 1}}{{$x = 2}}{{$x}}", "2")]
    [InlineData("{{range .Mounts}}{{if eq .Source \"/b\"}}{{break}}{{end}}{{.Source}}{{end}}", "/a")]
    [InlineData("{{`raw \"x\"`}}{{'a'}}", "raw \"x\"97")]
    public void Executes(string template, string expected) =>
        Assert.Equal(expected, Template.Parse(template).Execute(JsonNode.Parse(Container)));

    [Theory]
    [InlineData("{{", "unclosed action")]
    [InlineData("{{.Id", "unclosed action")]
    [InlineData("{{if .Id}}", "unexpected EOF")]
    [InlineData("{{end}}", "unexpected {{end}}")]
    [InlineData("{{nofunc .Id}}", "function \"nofunc\" not defined")]
    [InlineData("{{break}}", "outside {{range}}")]
    [InlineData("{{\"open}}", "unterminated quoted string")]
    public void Refuses(string template, string message) =>
        Assert.Contains(message, Assert.Throws<TemplateException>(() => Template.Parse(template)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{{.Nope}}", "map has no entry for key \"Nope\"")]
    [InlineData("{{.Id.Nope}}", "can't evaluate field Nope in type string")]
    [InlineData("{{.State.Health.Status}}", "nil pointer")]
    [InlineData("{{index .Mounts 9}}", "out of range")]
    [InlineData("{{lt \"a\" 1}}", "incompatible types")]
    public void FailsWhenExecuted(string template, string message) =>
        Assert.Contains(
            message, Assert.Throws<TemplateException>(() => Template.Parse(template).Execute(JsonNode.Parse(Container))).Message, StringComparison.Ordinal);

    [Fact]
    public void RowsHaveFieldsMethodsAndSortedJson()
    {
        Row row = new Row().Field("Names", "web").Field("ID", "1").Method("Label", name => "label-" + name);

        Assert.Equal("web label-k", Template.Parse("{{.Names}} {{.Label \"k\"}}").Execute(row));
        Assert.Equal("""{"ID":"1","Names":"web"}""", Template.Parse("{{json .}}").Execute(row));
        Assert.Throws<TemplateException>(() => Template.Parse("{{.Nope}}").Execute(row));
    }

    [Fact]
    public void TheHeaderIsNotChangedByFunctions() =>
        Assert.Equal("NAMES", Template.Parse("{{lower .Names}}").Execute(new Row().Field("Names", "NAMES"), header: true));
}
