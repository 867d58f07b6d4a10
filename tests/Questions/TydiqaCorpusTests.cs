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
        TydiqaCorpus corpus = TydiqaCorpus.Load(RealFolders.Tydiqa(_folder["real"]));
        Assert.Equal(3_696, corpus.Train.Count);
        Assert.Equal([440, 921, 113, 782, 565, 276, 812, 499, 669],
            TydiqaCorpus.Languages.Select(language => corpus.Dev[language].Count));
        Assert.Equal(5_077, corpus.Dev.Sum(part => part.Value.Select(one => one.Id).Distinct().Count()));
        // One English text has an emoji before its answer.
        Assert.All(corpus.Dev.Values.Append(corpus.Train).SelectMany(part => part), one => Assert.All(one.Answers,
            answer => Assert.Equal(answer.Text, one.Context[answer.Start..answer.End])));
    }

    [Fact]
    public void Transfer_is_from_English_to_the_nine_without_a_part_to_choose_by()
    {
        TydiqaCorpus corpus = TydiqaCorpus.Load(RealFolders.Tydiqa(_folder["real"]));
        TransferCorpus<QuestionExample> transfer = corpus.ForTransfer();
        Assert.Equal(TydiqaCorpus.Languages, transfer.Test.Keys);
        Assert.Equal(("TyDiQA", 3_696, 0, 5_077),
            (transfer.Name, transfer.Train.Count, transfer.Dev.Count, transfer.Test.Values.Sum(part => part.Count)));
        Assert.Equal(corpus.Dev["sw"], transfer.Test["sw"]);
        Assert.NotEqual(transfer.Fingerprint, transfer.Sample(test: 400).Fingerprint);
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
}
