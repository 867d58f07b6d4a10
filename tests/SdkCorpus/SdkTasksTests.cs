using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class SdkTasksTests
{
    public static TheoryData<string> Tasks => [.. SdkTasks.All.Select(task => task.Name)];

    [Fact]
    public void Names_are_of_these_tasks_or_of_the_benchmarks_whatever_their_case()
    {
        Assert.Equal([SdkTasks.Length, GlueTask.CoLA], new[] { "sdk-length", "cola" }.Select(SdkTasks.Find));
        Assert.Contains("'Colla' is no task", Assert.Throws<IntraDistillException>(() => SdkTasks.Find("Colla")).Message, StringComparison.Ordinal);
        Assert.Equal([SdkEntities.Name, TransferTasks.Tydiqa], TransferTasks.Named("sdk-entities, tydiqa"));
        Assert.Equal([true, false], TransferTasks.Named("SDK-Questions,PAN-X").Select(TransferTasks.IsSdk));
        Assert.Equal("'Panx' is no task; expected one of SDK-Entities, SDK-Questions, PAN-X, TyDiQA",
            Assert.Throws<IntraDistillException>(() => TransferTasks.Named("Panx")).Message);
    }

    [Fact]
    public void A_task_of_transfer_is_read_by_its_name()
    {
        foreach (string name in new[] { SdkEntities.Name, SdkQuestions.Name })
        {
            TransferTask task = TransferTasks.Load(name, MachineCorpus.Value, "nowhere", ["de"], train: 20, evaluated: 5);
            Assert.Equal((name, true, 20, 5, 5), (task.Name, task.Aligned, task.Train, task.Dev, task.Count("de")));
            Assert.Equal(["en", "de"], task.Languages);
            Assert.Equal(5, task.WithoutModel!("de").Count);
            Assert.InRange(task.Statistics(task.WithoutModel("de"), "de").Score, 0, 100);
        }
        Assert.Contains("panx/en: there is no such folder", Assert.Throws<IntraDistillException>(() =>
            TransferTasks.Load(TransferTasks.Panx, null, "nowhere", [], 20, 5)).Message.Replace('\\', '/'), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void No_text_of_dev_or_test_is_in_training_nor_near_to_one_that_is(string name)
    {
        GlueCorpus corpus = Build(name);
        HashSet<string> training = [.. corpus.Train.SelectMany(Texts)];
        Dictionary<string, SdkMessage> messages = MachineCorpus.Value.Messages.ToDictionary(message => message.English);

        Assert.NotEmpty(corpus.Dev);
        foreach (string text in corpus.Dev.Concat(corpus.Test).SelectMany(Texts))
        {
            Assert.DoesNotContain(text, training);
            Assert.True(messages[text].TrainingSimilarity < NearDuplicates.Threshold, text);
        }
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Data_are_the_same_each_time_and_all_have_labels_of_the_task(string name)
    {
        GlueCorpus corpus = Build(name);

        Assert.Equal(Build(name).Fingerprint, corpus.Fingerprint);
        Assert.Same(corpus.Test, corpus.Reported);
        foreach (LabelledText text in corpus.Train.Concat(corpus.Dev).Concat(corpus.Test))
        {
            Assert.Equal(corpus.Task.Kind == GlueKind.Sentence, text.Pair is null);
            Assert.InRange(text.Label!.Value, 0, corpus.Task.Kind == GlueKind.Similarity ? 5 : corpus.Task.Labels.Count - 1);
            Assert.NotEqual(text.Text, text.Pair);
        }
    }

    [Fact]
    public void Severity_is_what_the_keys_say()
    {
        GlueCorpus corpus = Build("SDK-Severity");
        foreach (LabelledText text in corpus.Train)
        {
            string key = text.Id.Split('/')[2];
            Assert.Equal(key.StartsWith("ERR_") || key.StartsWith("FTL_"), text.Label == 0);
        }
        Assert.InRange(corpus.Train.Count(text => text.Label == 1), 1, corpus.Train.Count / 2);
    }

    [Fact]
    public void Half_of_the_component_pairs_are_of_one_assembly_also_in_a_thinned_corpus()
    {
        GlueCorpus corpus = Build("SDK-Component");
        Assert.All(corpus.Test, text =>
        {
            string[] assemblies = [.. text.Id.Split(" + ").Select(id => id.Split('/')[0])];
            Assert.Equal(assemblies[0] == assemblies[1], text.Label == 1);
        });
        Assert.Equal(0.5, corpus.Train.Average(text => text.Label!.Value), 1e-9);
        Assert.Equal(0.5, corpus.Sample(train: 2000).Train.Average(text => text.Label!.Value), 0.05);
    }

    [Fact]
    public void Length_is_that_of_the_translation_in_the_language_named()
    {
        Dictionary<string, SdkMessage> messages = MachineCorpus.Value.Messages.ToDictionary(message => message.Id);
        Dictionary<string, string> names = new() { ["de"] = "German", ["pt-BR"] = "Portuguese", ["tr"] = "Turkish" };
        IReadOnlyList<LabelledText> texts = Build("SDK-Length").Test;
        Assert.Equal(9, texts.Select(text => text.Pair).Distinct().Count());
        foreach (LabelledText text in texts)
        {
            int space = text.Id.LastIndexOf(' ');
            (SdkMessage message, string language) = (messages[text.Id[..space]], text.Id[(space + 1)..]);
            Assert.Equal(message.English, text.Text);
            Assert.True(text.Text.Length >= 20);
            Assert.Equal(names.GetValueOrDefault(language, text.Pair!), text.Pair);
            double score = 2.5 * message.Texts[language].Length / message.English.Length;
            Assert.Equal(score > 5 ? 5 : score, text.Label!.Value, 1e-12);
        }
        Assert.All(texts.GroupBy(text => text.Text), group => Assert.InRange(group.Count(), 1, 2));
    }

    [Fact]
    public void A_task_of_GLUE_is_refused_by_name()
    {
        var error = Assert.Throws<IntraDistillException>(() => SdkTasks.Build(MachineCorpus.Value, GlueTask.CoLA));
        Assert.Equal("CoLA is no task of the SDK corpus; expected one of SDK-Severity, SDK-Component, SDK-Length", error.Message);
    }

    private static GlueCorpus Build(string name) =>
        SdkTasks.Build(MachineCorpus.Value, SdkTasks.All.Single(task => task.Name == name));

    // The messages: of SDK-Length the second text is a language.
    private static IEnumerable<string> Texts(LabelledText text) => text.Id.Contains(" + ") ? [text.Text, text.Pair!] : [text.Text];
}
