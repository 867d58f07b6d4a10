using IntraDistill.Kernel.Engine;

namespace IntraDistill.Tests.RunnerTests;

/// <summary>What of a cell is a directive, and what only looks like one.</summary>
public class CellParserTests
{
    [Theory]
    [InlineData("var hook = \"\"\"\n#!/bin/sh\necho\n\"\"\";")]
    [InlineData("var hook = @\"\n#!time\n#i \"\"nuget: x\"\"\n\";")]
    [InlineData("var hook = $$\"\"\"\n#!html\n{{1}}\n#i\n\"\"\";")]
    [InlineData("/* notes\n#!share --from fsharp x\n#i \"nuget:\"\n*/ 1 + 1")]
    [InlineData("#if NEVER\n#!nothing\n#endif\n1")]
    [InlineData("1\n// #!time")]
    [InlineData("int i = 1; var s = \"a #!time b\";\n#if true\ni\n#endif")]
    public void Text_is_no_directive(string cell)
    {
        CellPart part = Assert.Single(CellParser.Parse(cell).Parts);
        Assert.Equal((CellPartKind.CSharp, cell), (part.Kind, part.Text));
        Assert.False(CellParser.Parse(cell).Timed);
    }

    [Theory]
    [InlineData("#!markdown\n# A script starts with\n#!/bin/sh", "Markdown", "# A script starts with\n#!/bin/sh")]
    [InlineData("#!html\n<pre>\n#!/usr/bin/env node\n#i\n\"\"\"</pre>", "Html", "<pre>\n#!/usr/bin/env node\n#i\n\"\"\"</pre>")]
    [InlineData("#!javascript\nconst a = `\n#r`;", "JavaScript", "const a = `\n#r`;")]
    public void In_other_languages_only_a_magic_is_one(string cell, string kind, string text)
    {
        CellPart part = Assert.Single(CellParser.Parse(cell).Parts);
        Assert.Equal((kind, text, 2), (part.Kind.ToString(), part.Text, part.Line));
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void A_cell_changes_between_languages_and_keeps_its_line_numbers(string end)
    {
        string cell = string.Join(end, "var a = \"\"\"", "#!html", "\"\"\";", "#!html", "<b>\"\"\"</b>", "#!csharp", "#i \"nuget: ../feed\"", "a");
        ParsedCell parsed = CellParser.Parse(cell);
        Assert.Equal(
            [
                new(CellPartKind.CSharp, "var a = \"\"\"\n#!html\n\"\"\";", 1),
                new(CellPartKind.Html, "<b>\"\"\"</b>", 5),
                new(CellPartKind.PackageSource, "../feed", 7),
                new(CellPartKind.CSharp, "\n\n\n\n\n\n\na", 8),
            ], parsed.Parts);
    }

    [Theory]
    [InlineData("1\n#!nothing x", 2, "#!nothing: no such magic; there are #!csharp, ")]
    [InlineData("#!mermaid\ngraph", 1, "#!mermaid: this kernel has no mermaid")]
    [InlineData("#!time\n\n#!import", 3, "#!import: expected a file")]
    [InlineData("#i", 1, "#i: expected a source of packages")]
    [InlineData("#i \"https://somewhere\"", 1, "#i: expected a source of packages")]
    [InlineData("#i \"nuget:\"", 1, "#i: expected a source of packages")]
    public void A_directive_that_cannot_be_followed_is_named_with_its_line(string cell, int line, string message)
    {
        var error = Assert.Throws<DirectiveException>(() => CellParser.Parse(cell));
        Assert.Equal(line, error.Line);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    // Of a cell that is being typed: every prefix of one can be read, and no line is lost.
    [Fact]
    public void A_cell_that_is_not_done_can_be_read()
    {
        const string cell = "#!time\nvar s = $\"\"\"\n#!html {1}\n\"\"\";\n#!markdown\n*\"a*\r\n#!csharp\n#i \"nuget: x\"\n/* #!time\n#!import a\n*/";
        for (int length = 0; length <= cell.Length; length++)
        {
            List<CellLine> lines = CellParser.Lines(cell[..length]);
            Assert.Equal(length, lines[^1].End);
            Assert.Equal(0, lines[0].Start);
            Assert.All(lines.Zip(lines.Skip(1)), pair => Assert.InRange(pair.Second.Start - pair.First.End, 1, 2));
        }
    }
}
