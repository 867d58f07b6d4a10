using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class GlueFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("glue-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Quotation_marks_are_text_and_spaces_stay()
    {
        string path = Write("train.tsv", "sentence\tlabel\n\" one \t1\n \"a\"\"b\" two\" \t0\n");
        Assert.Equal([new("\" one ", null, 1, "0"), new(" \"a\"\"b\" two\" ", null, 0, "1")], GlueFile.Read(path, GlueTask.Sst2));
    }

    [Fact]
    public void Columns_are_found_by_name_whatever_their_order()
    {
        string path = Write("train.tsv", "label\tindex\tother\tsentence2\tsentence1\nentailment\t7\tx\tb\ta\n");
        Assert.Equal([new("a", "b", 0, "7")], GlueFile.Read(path, GlueTask.Rte));
    }

    [Fact]
    public void CoLA_has_no_header_but_in_its_test_set()
    {
        string train = Write("train.tsv", "gj04\t1\t\tA b.\ngj04\t0\t*\tC \"d.");
        Assert.Equal([new("A b.", null, 1, "0"), new("C \"d.", null, 0, "1")], GlueFile.Read(train, GlueTask.CoLA));
        string test = Write("test.tsv", "index\tsentence\n0\tE.\n1\tF.");
        Assert.Equal([new("E.", null, null, "0"), new("F.", null, null, "1")], GlueFile.ReadUnlabelled(test, GlueTask.CoLA));
    }

    [Fact]
    public void A_test_set_has_no_labels_even_if_it_has_their_column()
    {
        string path = Write("test.tsv", "index\tsentence1\tsentence2\tlabel\n0\ta\tb\t-1\n");
        Assert.Equal([new("a", "b", null, "0")], GlueFile.ReadUnlabelled(path, GlueTask.Rte));
    }

    [Fact]
    public void Scores_of_STS_B_are_numbers_from_0_to_5()
    {
        const string Header = "index\tsentence1\tsentence2\tscore\n";
        string path = Write("dev.tsv", Header + "0\ta\tb\t0\n1\tc\td\t5.000\n2\te\tf\t3.25\n");
        Assert.Equal([0.0, 5, 3.25], GlueFile.Read(path, GlueTask.StsB).Select(text => text.Label!.Value));
        foreach (string score in new[] { "5.001", "-0.1", "NaN", "x", "", "3,25" })
            AssertRefused($"dev.tsv:2: score '{score}', where a number from 0 to 5 was expected",
                () => GlueFile.Read(Write("dev.tsv", $"{Header}0\ta\tb\t{score}\n"), GlueTask.StsB));
    }

    [Fact]
    public void A_row_of_QQP_that_is_broken_in_two_is_left_out_and_of_other_tasks_refused()
    {
        string path = Write("train.tsv", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
            + "1\t2\t3\ta?\tb?\t1\n4\t5\t6\tc\n?\td?\t0\n7\t8\t9\te?\t\t0\n");
        Assert.Equal([new("a?", "b?", 1, "0"), new("e?", "", 0, "1")], GlueFile.Read(path, GlueTask.Qqp));
        AssertRefused("train.tsv:2: 7 columns, where 6 were expected", () => GlueFile.Read(
            Write("train.tsv", "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n1\t2\t3\ta?\tb?\t1\t\n"), GlueTask.Qqp));
        AssertRefused("train.tsv:3: 1 columns, where 2 were expected",
            () => GlueFile.Read(Write("train.tsv", "sentence\tlabel\na\t1\nb\n"), GlueTask.Sst2));
    }

    [Theory]
    [InlineData("", "train.tsv:1: no row of SST-2")]
    [InlineData("sentence\tlabel\n", "train.tsv:1: no row of SST-2")]
    [InlineData("sentence\tclass\na\t1\n", "train.tsv:1: no column 'label' in the header, where SST-2 has one")]
    [InlineData("sentence\tlabel\na\t1\nb\t2\n", "train.tsv:3: label '2', where one of 0, 1 was expected")]
    [InlineData("sentence\tlabel\na\t1\n\n", "train.tsv:3: 1 columns, where 2 were expected")]
    [InlineData("sentence\tlabel\na\t1\nb\t1\tc\n", "train.tsv:3: 3 columns, where 2 were expected")]
    public void A_malformed_file_is_refused_with_file_line_and_reason(string content, string message) =>
        AssertRefused(message, () => GlueFile.Read(Write("train.tsv", content), GlueTask.Sst2));

    [Fact]
    public void What_is_not_UTF_8_or_no_table_or_not_there_is_refused()
    {
        string path = Path.Combine(_folder, "train.tsv");
        File.WriteAllBytes(path, [.. "sentence\tlabel\n"u8, 0xC3, .. "\t1\n"u8]);
        AssertRefused("train.tsv:2: not UTF-8", () => GlueFile.Read(path, GlueTask.Sst2));
        File.WriteAllBytes(path, new byte[3 << 20]);
        AssertRefused("train.tsv:1: over 1,048,576 bytes without a line end", () => GlueFile.Read(path, GlueTask.Sst2));
        AssertRefused("none.tsv: cannot be read", () => GlueFile.Read(Path.Combine(_folder, "none.tsv"), GlueTask.Sst2));
        AssertRefused("cannot be read", () => GlueFile.Read(_folder, GlueTask.Sst2));
    }

    [Fact]
    public void Lines_are_read_whatever_their_length_end_and_beginning()
    {
        const string Letters = "ab \"'\\\r\u0085\u2028é漢🎉,;|";
        Gen<string> text = Gen.ArrayOf(Gen.Elements(Letters.EnumerateRunes().Select(rune => rune.ToString()).ToArray()))
            .Select(string.Concat);
        // Now and then longer than the reader's first buffer.
        Gen<string> any = Gen.Frequency((9, text), (1, text.Select(one => one + new string('x', 70_000) + "é")));
        var files = from rows in Gen.ArrayOf(from one in any from label in Gen.Choose(0, 1) select (Text: one, Label: label))
                    from mark in Gen.Elements(true, false)
                    from end in Gen.Elements("\n", "\r\n")
                    from final in Gen.Elements(true, false)
                    where rows.Length > 0
                    select (rows, mark, end, final);
        Prop.ForAll(files.ToArbitrary(), file =>
        {
            string content = string.Join(file.end,
                file.rows.Select(row => $"{row.Text}\t{row.Label}").Prepend("sentence\tlabel")) + (file.final ? file.end : "");
            string path = Path.Combine(_folder, "train.tsv");
            File.WriteAllText(path, content, new UTF8Encoding(file.mark));
            Assert.Equal(file.rows.Select((row, i) => new LabelledText(row.Text, null, row.Label, i.ToString())),
                GlueFile.Read(path, GlueTask.Sst2));
        }).QuickCheckThrowOnFailure();
    }

    private string Write(string name, string content)
    {
        string path = Path.Combine(_folder, name);
        File.WriteAllText(path, content, new UTF8Encoding(false));
        return path;
    }

    private static void AssertRefused(string message, Action read)
    {
        string text = Assert.Throws<IntraDistillException>(read).Message;
        Assert.Contains(message, text);
        Assert.DoesNotContain('\n', text);
    }
}
