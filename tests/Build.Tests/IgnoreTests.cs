using Slipway.DockerApi;

namespace Slipway.Build.Tests;

/// <summary><c>.dockerignore</c>.</summary>
public sealed class IgnoreTests
{
    [Theory]
    [InlineData("*.md", "README.md", true)]
    [InlineData("*.md", "docs/README.md", false)]
    [InlineData("**/*.md", "docs/a/README.md", true)]
    [InlineData("**/*.md", "README.md", true)]
    [InlineData("node_modules", "node_modules/a/b.js", true)]
    [InlineData("node_modules", "src/node_modules/a", false)]
    [InlineData("**/node_modules", "src/node_modules/a", true)]
    [InlineData("/abs/", "abs/x", true)]
    [InlineData("a/**", "a/b/c", true)]
    [InlineData("a/**", "a", false)]
    [InlineData("a/**/z", "a/z", true)]
    [InlineData("a/**/z", "a/b/c/z/y", true)]
    [InlineData("*", "x/y", true)]
    [InlineData("*\n!keep", "keep/me", false)]
    [InlineData("*\n!keep\nkeep/not", "keep/not/x", true)]
    [InlineData("# comment\n\n  *.log  ", "a.log", true)]
    [InlineData("fil[a-c]?", "filb1", true)]
    [InlineData("fil[^a-c]?", "filb1", false)]
    [InlineData("a\\*b", "a*b", true)]
    [InlineData("a\\*b", "axb", false)]
    [InlineData("./x/../y", "y/z", true)]
    [InlineData(".git", ".github/x", false)]
    public void Matches(string text, string path, bool excluded) => Assert.Equal(excluded, IgnorePatterns.Parse(text).Excludes(path));

    [Fact]
    public void Directories_that_hold_nothing_are_not_walked()
    {
        var patterns = IgnorePatterns.Parse("*\n!src/**/*.cs\n!a/b/c");
        Assert.True(patterns.MayContainIncluded("src"));
        Assert.True(patterns.MayContainIncluded("src/x"));
        Assert.True(patterns.MayContainIncluded("a/b"));
        Assert.False(patterns.MayContainIncluded("a/x"));
        Assert.False(patterns.MayContainIncluded("node_modules"));
        Assert.Throws<FormatException>(() => IgnorePatterns.Parse("!"));
    }
}
