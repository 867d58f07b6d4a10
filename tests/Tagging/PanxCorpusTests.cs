using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class PanxCorpusTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("panx-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_languages_are_the_48_of_the_paper()
    {
        Assert.Equal(48, PanxCorpus.Languages.Distinct().Count());
        Assert.Equal(("ar", "hu", "ro"), (PanxCorpus.Languages[0], PanxCorpus.Languages[39], PanxCorpus.Languages[47]));
    }

    [Theory]
    [InlineData("de", 195_387)]
    [InlineData("ru", 141_529)]
    public void The_real_files_are_read_whole(string language, int tokens)
    {
        PanxCorpus corpus = PanxCorpus.Load(RealFolders.Panx(_folder, language), language);
        Assert.Equal((20_000, 10_000, 10_000), (corpus.Train.Count, corpus.Dev.Count, corpus.Test.Count));
        Assert.Equal(tokens, corpus.Train.Sum(sentence => sentence.Tokens.Count));
    }

    [Fact]
    public void A_folder_as_the_script_makes_it_is_held_to_its_counts()
    {
        Files("train", "dev", "test");
        PanxCorpus corpus = PanxCorpus.Load(_folder, "xx");
        Assert.Equal(["a:b", "c"], corpus.Dev[0].Tokens);
        File.WriteAllText(Path.Combine(_folder, "xx", "about.json"), """{"counts": {"train": 1, "dev": 1, "test": 2}}""");
        Assert.Contains("states 2 sentences of test, the files have 1; get it by 'dotnet run --file data-scripts/panx.cs -- --languages xx'",
            Assert.Throws<IntraDistillException>(() => PanxCorpus.Load(_folder, "xx")).Message);
    }

    [Fact]
    public void What_is_missing_or_of_another_kind_is_named()
    {
        Assert.Contains("no such folder; get it by", Refusal());
        Files("train", "dev");
        Assert.Contains($"{Path.Combine("xx", "test")}: there is no such file; get it by", Refusal());
        File.WriteAllText(Path.Combine(_folder, "xx", "test"), "xx:a\tO\n\nxx:b\tB-MISC\n");
        Assert.Contains("test:3: tag 'B-MISC', where one of O, B-PER", Refusal());

        string Refusal() => Assert.Throws<IntraDistillException>(() => PanxCorpus.Load(_folder, "xx")).Message;
    }

    [Fact]
    public void Transfer_is_from_English_to_the_languages_that_are_there()
    {
        TransferCorpus<TaggedSentence> corpus = PanxCorpus.LoadTransfer(RealFolders.Panx(_folder));
        Assert.Equal("PAN-X", corpus.Name);
        Assert.Equal(["nl", "en", "de", "es", "ru", "pl"], corpus.Test.Keys);
        Assert.Equal((20_000, 10_000), (corpus.Train.Count, corpus.Dev.Count));
        Assert.All(corpus.Test.Values, test => Assert.Equal(10_000, test.Count));
        PanxCorpus english = PanxCorpus.Load(_folder, "en");
        Assert.Equal([english.Train[7].Lines(), english.Dev[7].Lines(), english.Test[7].Lines()],
            [corpus.Train[7].Lines(), corpus.Dev[7].Lines(), corpus.Test["en"][7].Lines()]);
        Assert.Contains(corpus.Test["ru"], sentence => sentence.Tokens.Contains("Россия"));
    }

    [Fact]
    public void Transfer_without_English_is_refused_by_name()
    {
        Files("train", "dev", "test");
        Assert.StartsWith($"{Path.Combine(_folder, "en")}: there is no such folder; get it by ",
            Assert.Throws<IntraDistillException>(() => PanxCorpus.LoadTransfer(_folder)).Message);
    }

    private void Files(params string[] names)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "xx"));
        foreach (string name in names)
            File.WriteAllText(Path.Combine(_folder, "xx", name), "xx:a:b\tB-PER\nxx:c\tI-PER\n");
    }
}
