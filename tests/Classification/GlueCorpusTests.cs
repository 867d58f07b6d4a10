using System.Globalization;
using System.Text.Json;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>The benchmark's real files, and what a folder must look like.</summary>
public sealed class GlueCorpusTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("glue-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // One pair of MRPC's training set is missing in this copy: 3,668 are published.
    [Theory]
    [InlineData("CoLA", 8_551, 1_043, 1_063)]
    [InlineData("SST-2", 67_349, 872, 1_821)]
    [InlineData("MRPC", 3_667, 408, 1_725)]
    [InlineData("STS-B", 5_749, 1_500, 1_379)]
    [InlineData("RTE", 2_490, 277, 3_000)]
    public void The_original_files_are_read_row_for_row(string name, int train, int dev, int test)
    {
        GlueTask task = GlueTask.Find(name);
        string folder = ReferenceData.Path("data/glue");
        GlueCorpus corpus = GlueCorpus.Load(folder, task);
        Assert.Equal((train, dev, test), (corpus.Train.Count, corpus.Dev.Count, corpus.Test.Count));
        Assert.Empty(corpus.DevMismatched);
        Assert.Empty(corpus.TestMismatched);

        (int text, int pair, int label) = name switch
        {
            "CoLA" => (3, -1, 1), "SST-2" => (0, -1, 1), "MRPC" => (3, 4, 0), "STS-B" => (7, 8, 9), _ => (1, 2, 3),
        };
        foreach ((string part, IReadOnlyList<LabelledText> texts) in new[] { ("train", corpus.Train), ("dev", corpus.Dev) })
        {
            string[][] rows = Rows(Path.Combine(folder, name, part + ".tsv"), name == "CoLA" ? 0 : 1);
            Assert.Equal(rows.Select(row => row[text]), texts.Select(one => one.Text));
            Assert.Equal(rows.Select(row => pair < 0 ? null : row[pair]), texts.Select(one => one.Pair));
            Assert.Equal(rows.Select(row => Number(task, row[label])), texts.Select(one => one.Label!.Value));
        }
        string[][] testRows = Rows(Path.Combine(folder, name, "test.tsv"), 1);
        Assert.Equal(testRows.Select(row => row[0]), corpus.Test.Select(one => one.Id));
        Assert.Equal(testRows.Select(row => row[^1]), corpus.Test.Select(one => one.Pair ?? one.Text));
        Assert.All(corpus.Test, one => Assert.Null(one.Label));
    }

    [Fact]
    public void Known_rows_come_out_as_they_stand()
    {
        string folder = ReferenceData.Path("data/glue");
        Assert.Equal(
            new("Our friends won't buy this analysis, let alone the next one we propose.", null, 1, "0"),
            GlueCorpus.Load(folder, GlueTask.CoLA).Train[0]);
        GlueCorpus mrpc = GlueCorpus.Load(folder, GlueTask.Mrpc);
        Assert.Equal("\" The foodservice pie business does not fit our long-term growth strategy .", mrpc.Dev[0].Pair);
        Assert.StartsWith("PCCW 's chief operating officer , Mike Butcher , and Alex Arena , the chief", mrpc.Test[0].Text);
        Assert.Equal(new("A plane is taking off.", "An air plane is taking off.", 5, "0"),
            GlueCorpus.Load(folder, GlueTask.StsB).Train[0]);
    }

    [Theory]
    [InlineData("CoLA", 1, "CoLA: Matthews 0.00")]
    [InlineData("SST-2", 1, "SST-2: Accuracy 50.92")]
    [InlineData("MRPC", 1, "MRPC: F1 81.22, Accuracy 68.38")]
    [InlineData("STS-B", 2.5, "STS-B: Pearson 0.00, Spearman 0.00")]
    [InlineData("RTE", 0, "RTE: Accuracy 52.71")]
    public void One_answer_for_all_scores_as_published(string name, double answer, string scores)
    {
        GlueCorpus corpus = GlueCorpus.Load(ReferenceData.Path("data/glue"), GlueTask.Find(name));
        GlueScore score = GlueScore.Of(corpus.Task, [.. corpus.Dev.Select(_ => answer)], corpus.Dev);
        Assert.Equal(scores, score.ToString());
    }

    [Fact]
    public void QNLIs_dev_and_test_sets_are_read()
    {
        string folder = ReferenceData.Path("data/glue/QNLI");
        IReadOnlyList<LabelledText> dev = GlueFile.Read(Path.Combine(folder, "dev.tsv"), GlueTask.Qnli);
        Assert.Equal(5_463, dev.Count);
        Assert.Equal(("What came into force after the new constitution was herald?", 0.0), (dev[0].Text, dev[0].Label));
        Assert.Equal(1, dev[1].Label);
        Assert.Equal(5_463, GlueFile.ReadUnlabelled(Path.Combine(folder, "test.tsv"), GlueTask.Qnli).Count);
    }

    [Theory]
    [InlineData("MNLI", "dev_matched.tsv", 48)]
    [InlineData("QNLI", "dev.tsv", 32)]
    [InlineData("QQP", "dev.tsv", 32)]
    public void Samples_of_the_large_tasks_are_read(string name, string dev, int rows)
    {
        GlueTask task = GlueTask.Find(name);
        string folder = ReferenceData.Path("data/glue-large-subsets");
        // These are passed on as JSON.
        foreach ((string part, int count) in new[] { ("train", 8_999), ("dev", 1_000) })
        {
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, name, $"{part}.json")));
            File.WriteAllLines(Path.Combine(_folder, $"{part}.tsv"), json.RootElement.EnumerateObject().Select(one => string.Join('\t',
                    new[] { "text_a", "text_b", "label" }.Select(column => one.Value.GetProperty(column).GetString())))
                .Prepend($"{task.Columns.Text}\t{task.Columns.Pair}\t{task.Columns.Label}"));
            Assert.Equal(count, GlueFile.Read(Path.Combine(_folder, $"{part}.tsv"), task).Count);
        }
        foreach (string seed in new[] { "13", "21", "42", "87", "100" })
            foreach (string file in new[] { "train.tsv", dev })
            {
                IReadOnlyList<LabelledText> few =
                    GlueFile.Read(Path.Combine(folder, "k-shot", name, $"16-{seed}", file), task);
                Assert.Equal(rows, few.Count);
                // 16 a class.
                Assert.All(few.CountBy(text => text.Label!.Value), count => Assert.Equal(16, count.Value));
                Assert.All(few, text => Assert.NotEqual("", text.Pair));
            }
    }

    [Fact]
    public void MNLI_has_two_sets_for_development_and_two_for_the_test()
    {
        string row = "\tp\tq\tgenre\t(a)\t(b)\t(c)\t(d)\t";
        const string Header = "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\tsentence1_parse\t"
            + "sentence2_parse\tsentence1\tsentence2";
        WriteFile("MNLI", "train.tsv", $"{Header}\tlabel1\tgold_label\n0{row}A\tB\tneutral\tcontradiction\n");
        WriteFile("MNLI", "dev_matched.tsv", $"{Header}\tlabel1\tlabel2\tgold_label\n0{row}C\tD\tneutral\tneutral\tentailment\n");
        WriteFile("MNLI", "dev_mismatched.tsv", $"{Header}\tlabel1\tlabel2\tgold_label\n0{row}E\tF\tneutral\tneutral\tneutral\n");
        WriteFile("MNLI", "test_matched.tsv", $"{Header}\n0{row}G\tH\n");
        WriteFile("MNLI", "test_mismatched.tsv", $"{Header}\n0{row}I\tJ\n");
        GlueCorpus corpus = GlueCorpus.Load(_folder, GlueTask.Mnli);
        Assert.Equal([new("A", "B", 2, "0")], corpus.Train);
        Assert.Equal([new("C", "D", 0, "0")], corpus.Dev);
        Assert.Equal([new("E", "F", 1, "0")], corpus.DevMismatched);
        Assert.Equal([new("G", "H", null, "0")], corpus.Test);
        Assert.Equal([new("I", "J", null, "0")], corpus.TestMismatched);
    }

    [Fact]
    public void A_test_set_may_be_missing_and_other_files_may_not()
    {
        const string Command = "dotnet run --file data-scripts/glue.cs -- --tasks SST-2";
        AssertRefused("SST-2: there is no such folder", Command);
        WriteFile("SST-2", "train.tsv", "sentence\tlabel\na\t1\n");
        AssertRefused("dev.tsv: there is no such file", Command);
        WriteFile("SST-2", "dev.tsv", "sentence\tlabel\nb\t0\n");
        Assert.Empty(GlueCorpus.Load(_folder, GlueTask.Sst2).Test);
    }

    [Theory]
    [InlineData("""{"counts":{"train":1,"dev":1,"test":1}}""", "about.json: states 1 rows of test, the files have 0")]
    [InlineData("""{"counts":{"train":2,"dev":1,"test":0}}""", "about.json: states 2 rows of train, the files have 1")]
    [InlineData("""{"counts":{"train":1}}""", "about.json: no number at counts.dev")]
    public void Counts_that_the_files_do_not_hold_are_refused(string about, string message)
    {
        WriteFile("SST-2", "train.tsv", "sentence\tlabel\na\t1\n");
        WriteFile("SST-2", "dev.tsv", "sentence\tlabel\nb\t0\n");
        WriteFile("SST-2", "about.json", about);
        AssertRefused(message, "glue.cs");
    }

    [Fact]
    public void Tasks_are_found_by_name()
    {
        Assert.Same(GlueTask.Sst2, GlueTask.Find("sst-2"));
        Assert.Equal(8, GlueTask.All.Select(task => task.Name).Distinct().Count());
        Assert.Equal("'WNLI' is no task; expected one of CoLA, SST-2, MRPC, STS-B, QQP, MNLI, QNLI, RTE",
            Assert.Throws<IntraDistillException>(() => GlueTask.Find("WNLI")).Message);
        Assert.Equal([2, 2, 2, 1, 2, 3, 2, 2], GlueTask.All.Select(task => task.Outputs));
    }

    private static string[][] Rows(string path, int header) =>
        [.. File.ReadAllText(path).Split('\n').Skip(header).Where(line => line.Length > 0).Select(line => line.Split('\t'))];

    private static double Number(GlueTask task, string label) => task.Kind == GlueKind.Similarity
        ? double.Parse(label, CultureInfo.InvariantCulture) : task.Labels.ToList().IndexOf(label);

    [Fact]
    public void A_sample_is_thinned_evenly_and_another_corpus_by_its_fingerprint()
    {
        LabelledText[] texts = [.. Enumerable.Range(0, 10).Select(i => new LabelledText($"text {i}", null, i % 2, $"{i}"))];
        GlueCorpus corpus = new(GlueTask.CoLA, texts, texts[..4], texts[4..]) { DevMismatched = texts };
        GlueCorpus sample = corpus.Sample(train: 5, dev: 2);

        Assert.Equal(["0", "2", "4", "6", "8"], sample.Train.Select(text => text.Id));
        Assert.Equal(["0", "2"], sample.Dev.Select(text => text.Id));
        Assert.Equal(["0", "5"], sample.DevMismatched.Select(text => text.Id));
        Assert.Equal(corpus.Test, sample.Test);
        Assert.NotEqual(corpus.Fingerprint, sample.Fingerprint);
        Assert.NotEqual(corpus.Fingerprint, (corpus with { Dev = [texts[0] with { Label = 1 }, .. texts[1..4]] }).Fingerprint);
        Assert.Equal(corpus.Fingerprint, (corpus with { Dev = [.. texts[..4]] }).Fingerprint);
        GlueCorpus[] others =
        [
            corpus, corpus with { Train = texts[1..] }, corpus with { Dev = texts[..3] }, corpus with { Test = texts[5..] },
            corpus with { DevMismatched = [] }, corpus with { TestMismatched = texts },
            corpus with { DevMismatched = [], TestMismatched = texts },
            corpus with { Dev = [texts[0] with { Pair = "" }, .. texts[1..4]] },
            corpus with { Dev = [texts[0] with { Pair = "a" }, .. texts[1..4]] },
            corpus with { Dev = [texts[0] with { Label = null }, .. texts[1..4]] },
            corpus with { TestMismatched = [texts[0] with { Text = "a", Pair = "b\tc" }] },
            corpus with { TestMismatched = [texts[0] with { Text = "a\tb", Pair = "c" }] },
        ];
        Assert.Equal(others.Length, others.Select(other => other.Fingerprint).Distinct().Count());
    }

    [Fact]
    public void Results_are_reported_on_test_where_it_has_labels_and_on_dev_else()
    {
        LabelledText labelled = new("a", null, 1, "0"), unlabelled = new("b", null, null, "0");
        Assert.Equal([labelled], new GlueCorpus(GlueTask.CoLA, [], [], [labelled]).Reported);
        Assert.Equal([labelled], new GlueCorpus(GlueTask.CoLA, [], [labelled], [unlabelled]).Reported);
        Assert.Equal([labelled], new GlueCorpus(GlueTask.CoLA, [], [labelled], []).Reported);
    }

    private void AssertRefused(string message, string remedy)
    {
        string text = Assert.Throws<IntraDistillException>(() => GlueCorpus.Load(_folder, GlueTask.Sst2)).Message;
        Assert.Contains(message, text);
        Assert.Contains(remedy, text);
        Assert.DoesNotContain('\n', text);
    }

    private void WriteFile(string task, string name, string content) =>
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, task)).FullName, name), content);
}
