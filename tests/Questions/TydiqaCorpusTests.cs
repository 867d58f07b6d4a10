using IntraDistill.Tasks;
using IntraDistill.Tests.DataScripts;

namespace IntraDistill.Tests;

public sealed class TydiqaCorpusTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Question(params string[] ids) => "{\"data\": [" + string.Join(", ", ids.Select(id =>
        $$"""{"paragraphs": [{"context": "It is {{id}}.", "qas": [{"id": "{{id}}", "question": "What?", "answers": """
        + $$"""[{"text": "{{id}}", "answer_start": 6}]}]}]}""")) + "]}";

    private void Write(string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[path])!);
        File.WriteAllText(_folder[path], text);
    }

    [Fact]
    public void The_real_files_hold_as_many_questions_as_are_published_each_with_its_answers_in_place()
    {
        TydiqaCorpus corpus = TydiqaCorpus.Load(ReferenceData.Path("data/tydiqa-goldp"));
        Assert.Equal(3_696, corpus.Train.Count);
        Assert.Equal([440, 921, 113, 782, 565, 276, 812, 499, 669],
            TydiqaCorpus.Languages.Select(language => corpus.Dev[language].Count));
        Assert.Equal(5_077, corpus.Dev.Sum(part => part.Value.Select(one => one.Id).Distinct().Count()));
        // One English text has an emoji before its answer.
        Assert.All(corpus.Dev.Values.Append(corpus.Train).SelectMany(part => part), one => Assert.All(one.Answers,
            answer => Assert.Equal(answer.Text, one.Context[answer.Start..answer.End])));
        TydiqaCorpus sample = corpus.Sample(train: 10, dev: 3);
        Assert.Equal((10, 27), (sample.Train.Count, sample.Dev.Sum(part => part.Value.Count)));
        Assert.NotEqual(corpus.Fingerprint, sample.Fingerprint);
    }

    [Fact]
    public void Transfer_is_from_English_to_the_nine_without_a_part_to_choose_by()
    {
        TydiqaCorpus corpus = TydiqaCorpus.Load(ReferenceData.Path("data/tydiqa-goldp"));
        TransferCorpus<QuestionExample> transfer = corpus.ForTransfer();
        Assert.Equal(TydiqaCorpus.Languages, transfer.Test.Keys);
        Assert.Equal(("TyDiQA", 3_696, 0, 5_077),
            (transfer.Name, transfer.Train.Count, transfer.Dev.Count, transfer.Test.Values.Sum(part => part.Count)));
        Assert.Equal(corpus.Dev["sw"], transfer.Test["sw"]);
        Assert.NotEqual(transfer.Fingerprint, transfer.Sample(test: 400).Fingerprint);
    }

    [Fact]
    public void The_publishers_names_and_XTREMEs_are_known()
    {
        Write("published/tydiqa-goldp-v1.1-train.json", Question("arabic-1", "english-2", "english-3"));
        Write("xtreme/tydiqa-goldp-v1.1-train/tydiqa.goldp.en.train.json", Question("2", "3"));
        foreach (string language in TydiqaCorpus.Languages)
        {
            Write($"published/tydiqa-goldp-v1.1-dev/tydiqa-goldp-dev-{TydiqaCorpus.NameOf(language)}.json", Question(language));
            Write($"xtreme/tydiqa-goldp-v1.1-dev/tydiqa.goldp.{language}.dev.json", Question(language));
        }
        TydiqaCorpus published = TydiqaCorpus.Load(_folder["published"]), xtreme = TydiqaCorpus.Load(_folder["xtreme"]);
        Assert.Equal(["english-2", "english-3"], published.Train.Select(one => one.Id));
        Assert.Equal(["2", "3"], xtreme.Train.Select(one => one.Id));
        Assert.All(TydiqaCorpus.Languages, language =>
            Assert.Equal((language, language), (published.Dev[language][0].Id, xtreme.Dev[language][0].Id)));
    }

    [Fact]
    public void What_is_missing_is_named_with_the_command_that_gets_it()
    {
        Write("tydiqa/tydiqa.goldp.en.train.json", Question("1"));
        string message = Assert.Throws<IntraDistillException>(() => TydiqaCorpus.Load(_folder["tydiqa"])).Message;
        Assert.Contains("tydiqa.goldp.en.dev.json: there is no such file; get it by 'dotnet run --file data-scripts/tydiqa.cs'",
            message);
        Assert.Contains("no such folder", Assert.Throws<IntraDistillException>(() => TydiqaCorpus.Load(_folder["none"])).Message);
        foreach (string language in TydiqaCorpus.Languages)
            Write($"tydiqa/tydiqa.goldp.{language}.dev.json", Question("1"));
        Write("tydiqa/about.json", """{"counts": {"en.train": 1, "en.dev": 2}}""");
        Assert.Contains("states 2 questions of en.dev, the files have 1",
            Assert.Throws<IntraDistillException>(() => TydiqaCorpus.Load(_folder["tydiqa"])).Message);
        Assert.Contains("'ja'", Assert.Throws<IntraDistillException>(() => TydiqaCorpus.NameOf("ja")).Message);
    }

    [Fact]
    public void The_fingerprint_is_of_all_parts()
    {
        QuestionExample a = new("1", "q", "c", []), b = new("2", "q", "c", []);
        TydiqaCorpus Corpus(QuestionExample train, string other = "") => new([train], TydiqaCorpus.Languages.ToDictionary(
            language => language, language => (IReadOnlyList<QuestionExample>)[language == other ? b : a]));
        TydiqaCorpus[] all = [Corpus(a), Corpus(b), .. TydiqaCorpus.Languages.Select(language => Corpus(a, language))];
        Assert.Equal(all.Length, all.Select(one => one.Fingerprint).Distinct().Count());
    }
}
