using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class WordPieceLearnerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("wordpieces").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Frequent_words_become_pieces_and_other_words_are_spelled()
    {
        string[] texts = ["The File was not found.", "the file could not be opened", "a file, the Café"];
        BertTokenizer tokenizer = WordPieceLearner.Learn(texts, new WordPieceSettings { CharacterCoverage = 1 });
        Assert.Equal(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], Enumerable.Range(0, 5).Select(tokenizer.Token));
        Assert.Equal((0, 1, 2, 3, 4),
            (tokenizer.PadId, tokenizer.UnkId, tokenizer.ClsId, tokenizer.SepId, tokenizer.MaskId));
        Assert.Equal(["[CLS]", "the", "file", "not", "[MASK]", ".", "[SEP]"],
            tokenizer.Encode("THE filé not[MASK].", null, 16).Ids.Select(tokenizer.Token));

        // A word that was not there, of letters that were.
        int[] odd = [.. tokenizer.Encode("defile", null, 32).Ids.Skip(1).SkipLast(1)];
        Assert.Equal("defile", string.Concat(odd.Select(tokenizer.Token)).Replace("##", ""));
        Assert.Equal([2, 1, 3], tokenizer.Encode("жук", null, 8).Ids);
    }

    [Fact]
    public void A_cased_vocabulary_keeps_case_and_accents()
    {
        BertTokenizer tokenizer = WordPieceLearner.Learn(["Café Café café"],
            new WordPieceSettings { LowerCase = false, CharacterCoverage = 1 });
        Assert.Equal("Café", tokenizer.Token(tokenizer.Encode("Café", null, 8).Ids[1]));
        Assert.NotEqual(tokenizer.Encode("café", null, 8).Ids, tokenizer.Encode("Café", null, 8).Ids);
    }

    [Fact]
    public void The_messages_of_the_sdk_fill_the_vocabulary_and_are_spelled_by_it()
    {
        string[] texts = [.. MachineCorpus.Value.Parallel("de", "en").Train.Select(pair => pair.Target)];
        WordPieceSettings settings = new() { VocabularySize = 2000, CharacterCoverage = 1 };
        BertTokenizer tokenizer = WordPieceLearner.Learn(texts, settings);
        Assert.Equal(2000, tokenizer.VocabularySize);
        Assert.Equal(2000, Enumerable.Range(0, 2000).Select(tokenizer.Token).Distinct().Count());
        // Every character is covered, so a word is unknown only when it is too long.
        Assert.All(texts.Where(text => text.Length <= 100), text =>
            Assert.DoesNotContain(tokenizer.UnkId, tokenizer.Encode(text, null, int.MaxValue).Ids));
        double perWord = texts.Average(text => (tokenizer.Encode(text, null, int.MaxValue).Length - 2.0)
            / text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.InRange(perWord, 1, 3);
    }

    [Fact]
    public void The_same_texts_give_the_same_vocabulary_and_it_is_read_back()
    {
        string[] texts = ["one two three", "two three four", "Three four five, six!"];
        BertTokenizer tokenizer = WordPieceLearner.Learn(texts), again = WordPieceLearner.Learn(texts.Reverse());
        string folder = Path.Combine(_folder, "new", "tokenizer");
        tokenizer.Save(folder);
        tokenizer.Save(folder);
        PretrainedTokenizer read = PretrainedTokenizer.Load(folder);
        foreach (PretrainedTokenizer other in new[] { again, read })
        {
            Assert.Equal(Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.Token),
                Enumerable.Range(0, other.VocabularySize).Select(other.Token));
            Assert.Equal(tokenizer.Encode("THREE fiveteen", "two", 32).Ids, other.Encode("THREE fiveteen", "two", 32).Ids);
        }
        Assert.Equal(["tokenizer_config.json", "vocab.txt"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_cased_vocabulary_of_small_letters_is_read_back_as_cased()
    {
        WordPieceLearner.Learn(["abc abc"], new WordPieceSettings { LowerCase = false }).Save(_folder);
        Assert.Equal([2, 1, 3], PretrainedTokenizer.Load(_folder).Encode("ABC", null, 8).Ids);
    }

    [Fact]
    public void Nothing_to_learn_from_and_settings_out_of_range_are_refused()
    {
        Assert.Throws<IntraDistillException>(() => WordPieceLearner.Learn([]));
        Assert.Throws<IntraDistillException>(() => WordPieceLearner.Learn([" \t\u200b"]));
        Assert.Throws<IntraDistillException>(
            () => WordPieceLearner.Learn(["a"], new WordPieceSettings { CharacterCoverage = 0 }));
        foreach (int size in new[] { -1, 0, 12 })
            Assert.Contains($"VocabularySize is {size}; the special tokens and the characters of the texts alone are 13",
                Assert.Throws<IntraDistillException>(() => WordPieceLearner.Learn(
                    ["abcd"], new WordPieceSettings { VocabularySize = size })).Message);
        Assert.Equal(13, WordPieceLearner.Learn(["abcd"], new WordPieceSettings { VocabularySize = 13 }).VocabularySize);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_an_error_with_its_name()
    {
        string file = Path.Combine(_folder, "file");
        File.WriteAllText(file, "");
        BertTokenizer tokenizer = WordPieceLearner.Learn(["abc"]);
        Assert.Contains(file, Assert.Throws<IntraDistillException>(() => tokenizer.Save(Path.Combine(file, "below"))).Message);
    }
}
