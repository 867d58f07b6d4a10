using IntraDistill.Tasks;
using IntraDistill.Tests.DataScripts;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class LearnedPiecesTests : SingleThreadedTests
{
    private static readonly BertTokenizer s_tokenizer = WordPieceLearner.Learn(
        ["file Datei type Typ", "file Datei", "type Typ"], new() { VocabularySize = 200, LowerCase = false, CharacterCoverage = 1 });

    [Fact]
    public void Vectors_come_back_as_they_were_saved()
    {
        using TemporaryFolder folder = new();
        BertSettings shape = BertSettings.Small with { VocabularySize = 12, HiddenSize = 8 };
        using Embedding pieces = nn.Embedding(12, 8);
        LearnedPieces.Save(pieces, folder.Path);
        using Tensor loaded = LearnedPieces.Load(folder.Path, shape, float32);
        Assert.False(loaded.requires_grad);
        Assert.True(loaded.allclose(pieces.weight!));
    }

    [Fact]
    public void Neighbours_are_the_nearest_but_the_word_itself()
    {
        using Tensor vectors = zeros(s_tokenizer.VocabularySize, 2) + tensor(new[] { -1f, 0.01f });
        foreach (var (word, x, y) in new[] { ("file", 1f, 0f), ("Datei", 1f, 0.1f), ("type", 0f, 1f), ("Typ", 0.1f, 1f) })
            vectors[s_tokenizer.Encode(word, null, 8).Ids[1]] = tensor(new[] { x, y });
        string table = LearnedPieces.Neighbours("Nearest", vectors, s_tokenizer, "file", "Typ").ToString();
        Assert.Matches(@"\nfile +Datei  Typ  type ", table);
        Assert.Matches(@"\nTyp +type  Datei  file ", table);
    }

    [Fact]
    public void Guesses_are_four_with_their_probabilities()
    {
        using TemporaryFolder folder = new();
        using (BertForPreTraining model = new(BertSettings.Small with { VocabularySize = s_tokenizer.VocabularySize, HiddenSize = 32, Layers = 1 }))
            HuggingFaceWeights.Save(model, folder.Path);
        Assert.Matches(@"The \[MASK\] is\. +(\S+ \d+ %, ){3}\S+ \d+ %$",
            LearnedPieces.Guesses("Guesses", folder.Path, s_tokenizer, "The [MASK] is.").ToString());
        Assert.Equal("\"The file.\": expected a sentence with [MASK]",
            Assert.Throws<IntraDistillException>(() => LearnedPieces.Guesses("", folder.Path, s_tokenizer, "The file.")).Message);
    }
}
