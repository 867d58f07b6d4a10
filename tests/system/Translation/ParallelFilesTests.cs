using System.IO.Compression;
using System.Text;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class ParallelFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("parallel-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_of_ones_own_is_read_without_about_json_in_both_directions()
    {
        WriteSmall(_folder);
        ParallelCorpus corpus = ParallelFiles.Load(_folder + Path.DirectorySeparatorChar, "de", "en");
        Assert.Equal($"{Path.GetFileName(_folder)} de-en", corpus.Name);
        Assert.Contains(_folder, corpus.Description);
        Assert.Equal([new("ä b", "a b", "train:1"), new("c\u2028d", "c d", "train:2")], corpus.Train);
        Assert.Equal([new("e", "é", "valid:1")], corpus.Valid);
        Assert.Equal([new("f", "𝄞", "test:1")], corpus.Test);
        Assert.Empty(corpus.HardTest);
        Assert.Equal(corpus.Train.Select(pair => (pair.Target, pair.Source)),
            ParallelFiles.Load(_folder, "en", "de").Train.Select(pair => (pair.Source, pair.Target)));
    }

    [Fact]
    public void The_fingerprint_changes_with_any_text_its_part_and_its_side_and_with_nothing_else()
    {
        SentencePair a = new("ä", "b"), b = new("c", "d"), none = new("", "");
        ParallelCorpus corpus = new("n", "d", [a], [b], [b], []);
        Assert.Matches("^[0-9a-f]{12}$", corpus.Fingerprint);
        Assert.Equal(corpus.Fingerprint,
            (corpus with { Name = "m", Description = "e", Train = [a with { Id = "x" }] }).Fingerprint);
        ParallelCorpus[] others =
        [
            corpus with { Train = [a with { Source = "b", Target = "ä" }] }, corpus with { Train = [a, b], Valid = [] },
            corpus with { Train = [a, a] }, corpus with { Valid = [] }, corpus with { Valid = [], Test = [b, b] },
            corpus with { Test = [none] }, corpus with { Test = [b with { Target = "d " }] },
            corpus with { HardTest = [b] }, corpus with { Train = [new("ä\nb", "")], Valid = [b] },
        ];
        Assert.Equal(others.Length + 1, others.Select(other => other.Fingerprint).Append(corpus.Fingerprint).Distinct().Count());
    }

    [Theory]
    [InlineData("train.de", "a\nb\nc\n", "train.de has 3 lines and train.en 2; as many were expected")]
    [InlineData("test.en", "", "test.en:1: the file is empty")]
    [InlineData("train.en", "a\n\n", "train.en:2: an empty line")]
    [InlineData("train.en", "a\n \t\n", "train.en:2: an empty line")]
    [InlineData("valid.de", "a\r\n", "valid.de:1: a carriage return")]
    [InlineData("train.de", "a\nb\rc\n", "train.de:2: a carriage return")]
    [InlineData("train.de", "\ufeffa\nb\n", "train.de:1: a byte order mark")]
    [InlineData("train.de", "a\nb", "train.de:2: the last line has no line end")]
    public void A_malformed_file_is_refused_with_file_line_and_reason(string file, string content, string message)
    {
        WriteSmall(_folder);
        File.WriteAllText(Path.Combine(_folder, file), content, new UTF8Encoding(false));
        AssertRefused(message, () => ParallelFiles.Load(_folder, "de", "en"));
    }

    [Fact]
    public void What_is_not_utf8_is_refused_with_its_line()
    {
        WriteSmall(_folder);
        File.WriteAllBytes(Path.Combine(_folder, "train.de"), [(byte)'a', (byte)'\n', 0xC3, (byte)'\n']);
        AssertRefused("train.de:2: not UTF-8", () => ParallelFiles.Load(_folder, "de", "en"));
    }

    [Fact]
    public void A_missing_file_or_folder_and_one_language_twice_are_refused()
    {
        WriteSmall(_folder);
        AssertRefused("both 'de'", () => ParallelFiles.Load(_folder, "de", "de"));
        AssertRefused("none: there is no such folder", () => ParallelFiles.Load(Path.Combine(_folder, "none"), "de", "en"));
        File.Delete(Path.Combine(_folder, "valid.en"));
        AssertRefused("valid.en: there is no such file", () => ParallelFiles.Load(_folder, "de", "en"));
    }

    [Fact]
    public void A_prepared_folder_is_found_below_the_data_folder_by_its_pair()
    {
        WriteSmall(Pair("iwslt14", "nl-en"), "nl");
        WriteAbout("iwslt14", "nl-en", 2, 1, 1);
        ParallelCorpus corpus = Iwslt14Corpus.Load(_folder, "nl", "en");
        Assert.Equal("IWSLT'14 nl-en", corpus.Name);
        Assert.Contains("CC BY-NC-ND", corpus.Description);
        Assert.Equal("ä b", corpus.Train[0].Source);
        Assert.Equal("ä b", Iwslt14Corpus.Load(_folder, "en", "nl").Train[0].Target);
    }

    [Fact]
    public void A_missing_or_unfinished_folder_names_the_command_that_makes_it()
    {
        const string Command = "dotnet run --file data-scripts/iwslt14.cs -- --pairs de-en";
        AssertRefused("de-en: there is no such folder", () => Iwslt14Corpus.Load(_folder, "de", "en"), Command);
        WriteSmall(Pair("iwslt14", "de-en"));
        AssertRefused("de-en: not finished, about.json is missing", () => Iwslt14Corpus.Load(_folder, "en", "de"), Command);
        AssertRefused(
            "no such folder", () => Multi30kCorpus.Load(_folder, "de", "en"), "dotnet run --file data-scripts/multi30k.cs");
    }

    [Theory]
    [InlineData("""{"counts":{"train":3,"valid":1,"test":1}}""", "about.json: states 3 pairs of train, the files have 2")]
    [InlineData("""{"counts":{"train":2,"valid":1}}""", "about.json: no number at counts.test")]
    [InlineData("""{"counts":{"train":2,"valid":"1","test":1}}""", "about.json: no number at counts.valid")]
    [InlineData("{", "about.json: no number at counts.train")]
    [InlineData("[]", "about.json: no number at counts.train")]
    public void Counts_that_the_files_do_not_hold_are_refused(string about, string message)
    {
        WriteSmall(Pair("multi30k", "de-en"));
        File.WriteAllText(Path.Combine(Pair("multi30k", "de-en"), "about.json"), about);
        AssertRefused(message, () => Multi30kCorpus.Load(_folder, "de", "en"), "dotnet run --file data-scripts/multi30k.cs");
        AssertRefused(message, () => ParallelFiles.Load(Pair("multi30k", "de-en"), "de", "en"));
    }

    [Fact]
    public void A_pair_that_a_data_set_does_not_have_is_refused()
    {
        AssertRefused(
            "no pair ja-en; one of ar, de, es, fa, he, it, nl, pl with en", () => Iwslt14Corpus.Load(_folder, "ja", "en"));
        AssertRefused("no pair de-nl", () => Iwslt14Corpus.Load(_folder, "de", "nl"));
        AssertRefused("no pair en-en", () => Iwslt14Corpus.Load(_folder, "en", "en"));
        AssertRefused("no pair fr-en", () => Multi30kCorpus.Load(_folder, "fr", "en"));
    }

    [Fact]
    public void The_public_part_of_iwslt14_is_read_line_for_line()
    {
        string tokenized = ReferenceData.Path("data/iwslt14/tokenized");
        foreach (string file in Directory.EnumerateFiles(tokenized, "*.??"))
            File.Copy(file, Path.Combine(Pair("iwslt14", "de-en"), Path.GetFileName(file)));
        WriteAbout("iwslt14", "de-en", 48_891, 7_283, 6_750);
        ParallelCorpus corpus = Iwslt14Corpus.Load(_folder, "de", "en");
        Assert.Equal((48_891, 7_283, 6_750), (corpus.Train.Count, corpus.Valid.Count, corpus.Test.Count));
        Assert.Equal(File.ReadLines(Path.Combine(tokenized, "train.de")), corpus.Train.Select(pair => pair.Source));
        Assert.Equal(File.ReadLines(Path.Combine(tokenized, "test.en")), corpus.Test.Select(pair => pair.Target));
        Assert.Equal("das kind schnitte in einem unfall also gut ab .", corpus.Train[0].Source);
        Assert.Equal("so that kid would do fine in the crash .", corpus.Train[0].Target);
    }

    [Fact]
    public void Multi30k_is_read_whole_and_can_be_sampled_and_put_in_batches()
    {
        WriteMulti30k(_folder);
        ParallelCorpus corpus = Multi30kCorpus.Load(_folder, "de", "en");
        Assert.Equal((29_000, 1_014, 1_000), (corpus.Train.Count, corpus.Valid.Count, corpus.Test.Count));
        Assert.Equal("Two young, White males are outside near many bushes.", corpus.Train[0].Target);
        Assert.Equal("A man in an orange hat starring at something.", corpus.Test[0].Target);
        Assert.Equal("Ein Mann mit einem orangefarbenen Hut, der etwas anstarrt.", corpus.Test[0].Source);

        ParallelCorpus sample = corpus.Sample(train: 200, valid: 10, test: 20);
        Assert.Equal((200, 10, 20, 0), (sample.Train.Count, sample.Valid.Count, sample.Test.Count, sample.HardTest.Count));
        SubwordVocabulary vocabulary = SubwordLearner.Learn(
            sample.Train.SelectMany(pair => new[] { pair.Source, pair.Target }), new SubwordSettings { Merges = 100 });
        Assert.Equal(200, new TranslationBatches(sample.Train, vocabulary).Epoch(0).Sum(batch => batch.Indices.Count));
        Assert.Equal(20, TranslationBaselines.NearestNeighbour(
            sample.Train, [.. sample.Test.Select(pair => pair.Source)]).Count);
    }

    [Fact]
    public async Task Notebook_02_runs_on_a_prepared_folder()
    {
        WriteMulti30k(_folder);
        string kernel = Path.Combine(Repository.Root, "environment", "kernel", "bin", "IntraDistill.Kernel.dll");
        // A study of its own: a run that is there already would not be made again.
        string study = Path.GetFileName(_folder);
        try
        {
            string output = await Repository.DotnetAsync(
                "exec", kernel, "run", "notebooks/02-iwslt.ipynb", "--output", Path.Combine(_folder, "02.ipynb"),
                "-p", "preset=Smoke", "-p", "dataset=multi30k", "-p", $"dataFolder={_folder}", "-p", "updates=4", "-p", $"study={study}");
            Assert.Contains("Smoke, multi30k de→en, 600 pairs, X: Baseline (K 1, ", output);
            Assert.Contains("Multi30k de-en: BLEU by system", File.ReadAllText(Path.Combine(_folder, "02.ipynb")));
            Assert.Equal(4, new RunStore(Path.Combine(Repository.Root, "runs", study)).All().Count);
        }
        finally
        {
            Directory.Delete(Path.Combine(Repository.Root, "runs", study), recursive: true);
        }
    }

    private static void AssertRefused(string message, Action load, string remedy = "")
    {
        string text = Assert.Throws<IntraDistillException>(load).Message;
        Assert.Contains(message, text);
        Assert.Contains(remedy, text);
        Assert.DoesNotContain('\n', text);
    }

    private static void WriteSmall(string folder, string source = "de")
    {
        foreach ((string name, string text) in new[]
        {
            ($"train.{source}", "ä b\nc\u2028d\n"), ("train.en", "a b\nc d\n"), ($"valid.{source}", "e\n"), ("valid.en", "é\n"),
            ($"test.{source}", "f\n"), ("test.en", "𝄞\n"),
        })
            File.WriteAllText(Path.Combine(folder, name), text, new UTF8Encoding(false));
    }

    private void WriteMulti30k(string dataFolder)
    {
        string from = ReferenceData.Path("data/multi30k"), to = Pair("multi30k", "de-en");
        foreach ((string theirs, string ours) in new[] { ("train", "train"), ("val", "valid"), ("test_2016_flickr", "test") })
            foreach (string language in new[] { "de", "en" })
            {
                using var packed = new GZipStream(
                    File.OpenRead(Path.Combine(from, $"{theirs}.{language}.gz")), CompressionMode.Decompress);
                using FileStream plain = File.Create(Path.Combine(to, $"{ours}.{language}"));
                packed.CopyTo(plain);
            }
        WriteAbout("multi30k", "de-en", 29_000, 1_014, 1_000);
    }

    private string Pair(string dataset, string pair) =>
        Directory.CreateDirectory(Path.Combine(_folder, dataset, pair)).FullName;

    private void WriteAbout(string dataset, string pair, int train, int valid, int test) => File.WriteAllText(
        Path.Combine(Pair(dataset, pair), "about.json"),
        $$"""{"dataset":"{{dataset}}","pair":"{{pair}}","counts":{"train":{{train}},"valid":{{valid}},"test":{{test}} } }""");
}
