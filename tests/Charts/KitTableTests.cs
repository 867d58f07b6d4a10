using System.Xml.Linq;

namespace IntraDistill.Tests;

public class KitTableTests
{
    private static KitTable Table() => new KitTable(
            "BLEU <de→en>", new("Arm", Numeric: false), new("all", "Measured here"), new("hard", "Measured here"),
            new("IWSLT'14", "Paper"))
        .Row("Baseline", KitCell.Number(31.704), "26.2 ± 0.3", KitCell.Number(33.07).Published().See(1))
        .Row("Intra-distillation", KitCell.Number(1034.75).Bold(), KitCell.Number(double.NaN),
            KitCell.Number(36.10).Published().See(1))
        .Note("Xu et al. 2022, table 1.");

    [Fact]
    public void A_small_negative_number_is_not_shown_as_minus_zero() => Assert.Equal("0.000", KitCell.Number(-0.0001, 3).Text);

    [Fact]
    public void Text_is_aligned_and_tells_published_from_measured()
    {
        string[] lines = Table().ToString().ReplaceLineEndings("\n").Split('\n');
        Assert.Equal("BLEU <de→en>", lines[0]);
        Assert.Contains("Measured here", lines[1]);
        Assert.Equal("Arm                        all          hard   IWSLT'14", lines[2]);
        Assert.Equal("------------------  ----------  ------------  ---------", lines[3]);
        Assert.Equal("Baseline                 31.70    26.2 ± 0.3  33.07†[1]", lines[4]);
        Assert.Equal("Intra-distillation  *1,034.75*  not measured  36.10†[1]", lines[5]);
        Assert.Equal(["† published, not measured here", "[1] Xu et al. 2022, table 1."], lines[6..]);
    }

    [Fact]
    public void Html_is_well_formed_with_groups_emphasis_and_footnotes()
    {
        XElement table = XElement.Parse(Table().ToHtml().Replace("<br>", "<br/>"));
        Assert.Equal("BLEU <de→en>", table.Element("caption")!.Value);
        XElement[] head = [.. table.Element("thead")!.Elements("tr")];
        Assert.Equal(["1", "2", "1"], head[0].Elements("th").Select(th => th.Attribute("colspan")!.Value));
        Assert.Equal(4, head[1].Elements("th").Count());
        XElement[] rows = [.. table.Element("tbody")!.Elements("tr")];
        Assert.Equal("1,034.75", rows[1].Descendants("b").Single().Value);
        Assert.Equal(["33.07", "36.10"], rows.Select(row => row.Descendants("i").Single().Value));
        Assert.All(rows, row => Assert.Contains("background", row.Elements("td").Last().Attribute("style")!.Value));
        Assert.Equal(["left", "right", "right", "right"],
            rows[0].Elements("td").Select(td => td.Attribute("style")!.Value.Split(':', ';')[1]));
        Assert.Contains("published, not measured here", table.Element("tfoot")!.Value);
        Assert.Contains("Xu et al. 2022", table.Element("tfoot")!.Value);
    }

    [Fact]
    public void A_table_without_groups_or_published_numbers_has_neither_row_nor_legend()
    {
        KitTable table = new KitTable("T", new KitColumn("a")).Row("1");
        Assert.Equal("T\na\n-\n1", table.ToString().ReplaceLineEndings("\n"));
        Assert.DoesNotContain("tfoot", table.ToHtml());
    }

    [Fact]
    public void A_row_of_another_width_is_an_error() => Assert.Contains(
        "a row of 2 cells; expected 1",
        Assert.Throws<IntraDistillException>(() => new KitTable("T", new KitColumn("a")).Row("1", "2")).Message);
}
