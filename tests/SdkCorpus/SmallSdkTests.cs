using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>The transfer tasks on an SDK of which little is localized: one assembly of this machine's, in two languages.</summary>
public sealed class SmallSdkTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sdk").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Tests_are_of_the_languages_that_there_are()
    {
        SdkCorpus corpus = Load();
        TransferCorpus<TaggedSentence> entities = SdkEntities.Build(corpus);
        TransferCorpus<QuestionExample> questions = SdkQuestions.Build(corpus);
        Assert.Equal(["de", "en"], entities.Test.Keys);
        Assert.Equal(entities.Test["en"].Count, entities.Test["de"].Count);
        Assert.Equal(["de", "en"], questions.Test.Keys);
        Assert.Equal(questions.Test["en"].Count, questions.Test["de"].Count);
    }

    [Fact]
    public void A_part_without_a_message_is_an_error()
    {
        SdkCorpus corpus = Load(maxCharacters: 30);
        Assert.StartsWith($"SDK-Entities: the SDK 10.0.100 in {_folder} has no message for ",
            Assert.Throws<IntraDistillException>(() => SdkEntities.Build(corpus)).Message);
        Assert.Equal($"SDK-Questions: the SDK 10.0.100 in {_folder} has no message for Test",
            Assert.Throws<IntraDistillException>(() => SdkQuestions.Build(corpus)).Message);
    }

    private SdkCorpus Load(int maxCharacters = 400)
    {
        string source = Path.Combine(MachineCorpus.Value.Root, "sdk", MachineCorpus.Value.SdkVersion);
        string sdk = Path.Combine(_folder, "sdk", "10.0.100");
        Directory.CreateDirectory(Path.Combine(sdk, "de"));
        foreach (string file in new[] { "Microsoft.Build.dll", "de/Microsoft.Build.resources.dll" })
            File.Copy(Path.Combine(source, file), Path.Combine(sdk, file));
        return SdkCorpus.Load(new SdkCorpusSettings { DotnetRoot = _folder, MaxCharacters = maxCharacters });
    }
}
