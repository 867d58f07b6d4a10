using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>On the SDK of this machine, which whoever builds the kit has.</summary>
public sealed class SdkCorpusTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sdk").FullName;

    private static SdkCorpus Corpus => MachineCorpus.Value;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_sdk_has_thirteen_languages_of_many_aligned_messages()
    {
        Assert.Equal(SdkCorpus.KnownLanguages, Corpus.Languages);
        foreach (string language in Corpus.Languages.Where(language => language != "en"))
            Assert.InRange(Corpus.Messages.Count(message => message.Texts.ContainsKey(language)), 10_000, 30_000);
        Assert.Contains(Corpus.Messages, message => message.Assembly == "Microsoft.CodeAnalysis.CSharp"
            && message.Key == "ERR_SemicolonExpected" && message.English == "; expected"
            && message.Texts["de"].Contains("erwartet"));
    }

    [Fact]
    public void The_filters_add_up_and_hold()
    {
        SdkCorpusCounts counts = Corpus.Counts;
        Assert.Equal(counts.Read, counts.WithoutLetters + counts.Untranslated + counts.TooLong + counts.Repeated + counts.Kept);
        Assert.Equal(counts.Kept, Corpus.Messages.Count);
        Assert.Equal(counts.Kept, Corpus.Messages.Select(message => message.English).Distinct().Count());
        Assert.Equal(counts.Kept, Corpus.Messages.Select(message => message.Id).Distinct().Count());
        Assert.All(Corpus.Messages.SelectMany(message => message.Texts.Values), text =>
        {
            Assert.InRange(text.Length, 1, 400);
            Assert.Equal(text.Trim(), text);
            Assert.DoesNotContain('\n', text);
        });
    }

    [Fact]
    public void Loading_again_gives_the_same_messages_and_splits()
    {
        SdkCorpus again = SdkCorpus.Load(new SdkCorpusSettings { DotnetRoot = Corpus.Root });
        Assert.Equal(Corpus.Messages.Select(Line), again.Messages.Select(Line));

        static string Line(SdkMessage message) => $"{message.Id} {message.Split} {message.English} {message.Texts["ja"]}";
    }

    [Fact]
    public void A_message_is_in_one_part_whatever_the_languages()
    {
        ParallelCorpus german = Corpus.Parallel("de", "en"), polish = Corpus.Parallel("EN", "pl");
        Assert.Equal("SDK de-en", german.Name);
        Assert.Equal(german.Test.Select(pair => pair.Target), polish.Test.Select(pair => pair.Source));
        Assert.Equal(german.Train.Select(pair => pair.Id), polish.Train.Select(pair => pair.Id));
        Assert.InRange(german.Valid.Count, 600, 1500);
        Assert.InRange(german.Test.Count, 1000, 2000);
        Assert.InRange(german.HardTest.Count, 200, german.Test.Count / 2);
        Assert.Subset(german.Test.ToHashSet(), german.HardTest.ToHashSet());
        Assert.Equal(Corpus.Messages.Count, german.Train.Count + german.Valid.Count + german.Test.Count);
    }

    [Fact]
    public void No_held_out_message_is_near_a_training_message()
    {
        // Its own reckoning of 4-grams and cosine, over every pair.
        SdkMessage[] train = [.. Corpus.Messages.Where(message => message.Split == Split.Train)];
        Dictionary<string, List<int>> holders = [];
        int[] sizes = new int[train.Length];
        for (int i = 0; i < train.Length; i++)
        {
            HashSet<string> grams = Grams(train[i].English);
            sizes[i] = grams.Count;
            foreach (string gram in grams)
                (holders.TryGetValue(gram, out List<int>? list) ? list : holders[gram] = []).Add(i);
        }
        HashSet<string> trainTexts = [.. train.Select(message => Normal(message.English))];
        Assert.All(Corpus.Messages.Where(message => message.Split != Split.Train), message =>
        {
            Assert.DoesNotContain(Normal(message.English), trainTexts);
            HashSet<string> grams = Grams(message.English);
            int[] overlaps = new int[train.Length];
            foreach (string gram in grams)
                foreach (int i in holders.GetValueOrDefault(gram, []))
                    overlaps[i]++;
            double nearest = overlaps.Select((overlap, i) => overlap / Math.Sqrt((double)grams.Count * sizes[i])).Max();
            Assert.Equal(nearest, message.TrainingSimilarity, 1e-12);
            Assert.True(nearest < NearDuplicates.Threshold, message.English);
        });

        static string Normal(string text) => string.Concat(text.ToLowerInvariant().Select(c => char.IsDigit(c) ? '0' : c));
        static HashSet<string> Grams(string text)
        {
            string padded = $"\u0002{Normal(text)}\u0002";
            return padded.Length < 4 ? [padded] : [.. Enumerable.Range(0, padded.Length - 3).Select(i => padded.Substring(i, 4))];
        }
    }

    [Fact]
    public void The_hard_part_is_the_test_messages_far_from_training()
    {
        ParallelCorpus corpus = Corpus.Parallel("de", "en");
        HashSet<string> hard = [.. corpus.HardTest.Select(pair => pair.Id)];
        Assert.All(Corpus.Messages.Where(message => message.Split == Split.Test),
            message => Assert.Equal(message.TrainingSimilarity < SdkCorpus.HardThreshold, hard.Contains(message.Id)));
    }

    [Fact]
    public void A_sample_keeps_pairs_of_every_origin()
    {
        ParallelCorpus whole = Corpus.Parallel("de", "en"), sample = whole.Sample(train: 2000, valid: 100, test: 300);
        Assert.Equal((2000, 100, 300), (sample.Train.Count, sample.Valid.Count, sample.Test.Count));
        Assert.Equal(2000, sample.Train.Distinct().Count());
        Assert.Subset(whole.Train.ToHashSet(), sample.Train.ToHashSet());
        Assert.Equal(whole.HardTest.Where(sample.Test.Contains), sample.HardTest);
        Assert.InRange(sample.Train.Select(pair => pair.Id.Split('/')[0]).Distinct().Count(), 60, 110);
        Assert.Equal(whole.Valid, whole.Sample(train: 10).Valid);
        Assert.Empty(whole.Sample(train: 0).Train);
    }

    [Theory]
    [InlineData(
        "xx", "en", "unknown language 'xx'; the SDK has cs, de, en, es, fr, it, ja, ko, pl, pt-BR, ru, tr, zh-Hans, zh-Hant")]
    [InlineData("de", "DE", "source and target language are both 'de'; two different ones are needed")]
    public void Bad_languages_are_refused(string source, string target, string message) =>
        Assert.Equal(message, Assert.Throws<IntraDistillException>(() => Corpus.Parallel(source, target)).Message);

    [Fact]
    public void A_folder_without_sdk_is_refused_by_name()
    {
        string message = Refusal(new SdkCorpusSettings { DotnetRoot = _folder });
        Assert.StartsWith($"no .NET SDK in {_folder}: set DOTNET_ROOT", message);
    }

    [Fact]
    public void An_sdk_without_localized_resources_is_refused_by_name()
    {
        string sdk = Directory.CreateDirectory(Path.Combine(_folder, "sdk", "10.0.100")).FullName;
        File.WriteAllText(Path.Combine(sdk, "dotnet.dll"), "");
        string message = Refusal(new SdkCorpusSettings { DotnetRoot = _folder });
        Assert.StartsWith($"the .NET SDK in {_folder} has no localized resources", message);
    }

    [Fact]
    public void A_damaged_satellite_is_refused_by_name()
    {
        string german = Directory.CreateDirectory(Path.Combine(_folder, "sdk", "10.0.100", "de")).FullName;
        string source = Path.Combine(Corpus.Root, "sdk", Corpus.SdkVersion);
        File.Copy(Path.Combine(source, "MSBuild.dll"), Path.Combine(_folder, "sdk", "10.0.100", "MSBuild.dll"));
        string satellite = Path.Combine(german, "MSBuild.resources.dll");
        byte[] whole = File.ReadAllBytes(Path.Combine(source, "de", "MSBuild.resources.dll"));
        File.WriteAllBytes(satellite, whole[..(whole.Length / 2)]);
        Assert.StartsWith($"{satellite}: cannot read its resources", Refusal(new SdkCorpusSettings { DotnetRoot = _folder }));
    }

    [Fact]
    public void Nothing_left_after_the_filters_is_an_error()
    {
        string message = Refusal(new SdkCorpusSettings { DotnetRoot = Corpus.Root, MaxCharacters = 0 });
        Assert.StartsWith($"none of the {Corpus.Counts.Read} messages of the .NET SDK in {Corpus.Root} is left", message);
    }

    private static string Refusal(SdkCorpusSettings settings)
    {
        string message = Assert.Throws<IntraDistillException>(() => SdkCorpus.Load(settings)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
