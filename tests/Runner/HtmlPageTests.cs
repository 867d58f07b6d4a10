using IntraDistill.Kernel.Html;

namespace IntraDistill.Tests.RunnerTests;

public sealed class HtmlPageTests
{
    [Fact]
    public void Code_is_coloured_and_escaped_and_nothing_of_it_is_lost()
    {
        string code = "#r \"a.dll\"\n// <note>\nvar x = $\"{1 < 2}\"; /* y */ if (x == \"a\") return 3.5;";
        string html = CodeHighlighter.ToHtml(code);
        Assert.Contains("<span class=\"c\">// &lt;note&gt;</span>", html, StringComparison.Ordinal);
        Assert.Contains("<span class=\"k\">var</span>", html, StringComparison.Ordinal);
        Assert.Contains("<span class=\"n\">3.5</span>", html, StringComparison.Ordinal);
        Assert.Contains("<span class=\"s\">&quot;a&quot;</span>", html, StringComparison.Ordinal);
        string text = System.Net.WebUtility.HtmlDecode(System.Text.RegularExpressions.Regex.Replace(html, "<[^>]*>", ""));
        Assert.Equal(code, text);
    }

    [Fact]
    public void Prose_has_tables()
    {
        Assert.Contains("<td>1</td>", Prose.ToHtml("|a|\n|--|\n|1|"), StringComparison.Ordinal);
    }
}
