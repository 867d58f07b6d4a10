using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public class SubwordTests
{
    private const string Characters = "aábcßdеж漢字かなカ한글🎉 \n\t\u00a0.,'{}0192▁\\\u2047-é";

    [Fact]
    public void Decoding_restores_every_text_of_known_characters()
    {
        SubwordVocabulary vocabulary = SubwordLearner.Learn(
            [Characters, "abc abc, 'abc' {0} 漢字かな 漢字 かなカ 한글 éé éé ßß", "  a  b\n\nab\t\t"], new SubwordSettings { Merges = 30 });
        Gen<string> texts = Gen.Elements(Characters.EnumerateRunes().Select(rune => rune.ToString()))
            .ListOf().Select(string.Concat);

        Prop.ForAll(texts.ToArbitrary(), text =>
        {
            int[] ids = vocabulary.Encode(text);
            return vocabulary.Decode(ids) == text && ids.All(id => id > SubwordVocabulary.UnkId && id < vocabulary.Size);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("de")]
    [InlineData("ja")]
    public void Every_training_message_of_the_sdk_comes_back(string language)
    {
        ParallelCorpus corpus = MachineCorpus.Value.Parallel(language, "en");
        string[] texts = [.. corpus.Train.SelectMany(pair => new[] { pair.Source, pair.Target })];
        SubwordVocabulary vocabulary = SubwordLearner.Learn(texts);
        Assert.All(texts, text => Assert.Equal(text, vocabulary.Decode(vocabulary.Encode(text))));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("  two  spaces  ")]
    [InlineData(" leading")]
    [InlineData("line\r\nbreak\n\n")]
    [InlineData("a▁b ▁")]
    public void Spaces_and_line_ends_come_back(string text) =>
        Assert.Equal(text, Learn(text + " x").Decode(Learn(text + " x").Encode(text)));

    [Fact]
    public void Words_longer_than_any_bound_and_lone_surrogates_do_no_harm()
    {
        string text = string.Concat(Enumerable.Repeat("ab", 5000)) + string.Concat(Enumerable.Repeat("🎉", 200));
        SubwordVocabulary vocabulary = Learn(text);
        Assert.Equal(text, vocabulary.Decode(vocabulary.Encode(text)));
        Assert.Equal("a⁇b", vocabulary.Decode(vocabulary.Encode("a\ud800b")));
    }

    [Fact]
    public void A_known_example_merges_as_in_the_paper()
    {
        // Sennrich et al., algorithm 1, with the word boundary before the word instead of after it.
        string text = string.Join(' ', Enumerable.Repeat("low", 5).Concat(Enumerable.Repeat("lower", 2))
            .Concat(Enumerable.Repeat("newest", 6)).Concat(Enumerable.Repeat("widest", 3)));
        SubwordVocabulary vocabulary = SubwordLearner.Learn([text], new SubwordSettings { Merges = 3 });
        Assert.Equal(["e s", "es t", "▁ l"], MergeLines(vocabulary));
        Assert.Equal(["l", "o", "w", "est"], vocabulary.Encode("lowest").Select(id => vocabulary.Decode([id])));
    }

    [Fact]
    public void The_learner_equals_a_naive_implementation()
    {
        // Shorter than the longest word that is not cut.
        Gen<string[]> corpora = Gen.Elements("abcd ".ToCharArray()).ArrayOf(45).Select(letters => new string(letters))
            .ArrayOf(6);
        SubwordSettings settings = new() { Merges = 40 };
        Prop.ForAll(corpora.ToArbitrary(), texts => texts.All(string.IsNullOrEmpty)
            || NaiveMerges(texts, 40, 2).SequenceEqual(MergeLines(SubwordLearner.Learn(texts, settings))))
            .QuickCheckThrowOnFailure();
    }

    [Fact]
    public void The_order_of_texts_does_not_matter()
    {
        string[] texts = ["the file was not found", "the option is not known", "a file or an option", "not the one"];
        Assert.Equal(MergeLines(SubwordLearner.Learn(texts)), MergeLines(SubwordLearner.Learn(texts.Reverse())));
    }

    [Fact]
    public void Unknown_characters_become_unk_and_their_neighbours_stay()
    {
        SubwordVocabulary vocabulary = Learn("abab abab");
        int[] ids = vocabulary.Encode("abжab");
        Assert.Single(ids, id => id == SubwordVocabulary.UnkId);
        Assert.Equal("ab⁇ab", vocabulary.Decode(ids));
    }

    [Fact]
    public void Coverage_leaves_out_the_rarest_characters()
    {
        SubwordVocabulary vocabulary = SubwordLearner.Learn(
            [new string('a', 600) + new string('b', 395) + "wxyz"],
            new SubwordSettings { CharacterCoverage = 0.99, Merges = 0 });
        Assert.Equal(4 + 2, vocabulary.Size);
        Assert.Contains(SubwordVocabulary.UnkId, vocabulary.Encode("aw"));
    }

    [Fact]
    public void Special_ids_count_for_nothing_in_text()
    {
        SubwordVocabulary vocabulary = Learn("ab ab");
        int[] ids = [SubwordVocabulary.BosId, .. vocabulary.Encode("ab ab"), SubwordVocabulary.EosId, SubwordVocabulary.PadId];
        Assert.Equal("ab ab", vocabulary.Decode(ids));
        Assert.Throws<ArgumentOutOfRangeException>(() => vocabulary.Decode([vocabulary.Size]));
    }

    [Fact]
    public void Encoding_from_many_threads_gives_the_same_ids()
    {
        string[] texts = [.. Enumerable.Range(0, 2000).Select(i => $"message {i % 97} of file {i % 31} not found")];
        SubwordVocabulary vocabulary = SubwordLearner.Learn(texts, new SubwordSettings { Merges = 50 });
        int[][] together = [.. texts.AsParallel().AsOrdered().Select(vocabulary.Encode)];
        SubwordVocabulary fresh = SubwordLearner.Learn(texts, new SubwordSettings { Merges = 50 });
        Assert.Equal(texts.Select(fresh.Encode), together);
    }

    [Fact]
    public void Nothing_to_learn_from_is_an_error()
    {
        Assert.Throws<IntraDistillException>(() => SubwordLearner.Learn([]));
        Assert.Throws<IntraDistillException>(() => SubwordLearner.Learn([""]));
        Assert.Throws<IntraDistillException>(() => SubwordLearner.Learn(["a"], new SubwordSettings { Merges = -1 }));
        Assert.Throws<IntraDistillException>(() => SubwordLearner.Learn(["a"], new SubwordSettings { CharacterCoverage = 0 }));
    }

    private static SubwordVocabulary Learn(string text) => SubwordLearner.Learn([text]);

    private static IEnumerable<string> MergeLines(SubwordVocabulary vocabulary) =>
        vocabulary.Merges.Select(merge => $"{merge.Left.Replace(' ', '▁')} {merge.Right.Replace(' ', '▁')}");

    /// <summary>Counts every pair anew for every merge; words are texts cut before each space.</summary>
    private static IEnumerable<string> NaiveMerges(string[] texts, int merges, int minimum)
    {
        List<List<string>> words = [];
        foreach (string text in texts.Where(text => text.Length > 0))
            foreach (char c in " " + text)
            {
                if (c == ' ')
                    words.Add([]);
                words[^1].Add(c == ' ' ? "▁" : c.ToString());
            }
        List<string> symbols = [.. words.SelectMany(word => word).Distinct()
            .OrderBy(symbol => symbol == "▁" ? ' ' : symbol[0])];
        List<string> rules = [];
        while (rules.Count < merges)
        {
            Dictionary<(string, string), int> counts = [];
            foreach (List<string> word in words)
                for (int i = 0; i + 1 < word.Count; i++)
                    counts[(word[i], word[i + 1])] = counts.GetValueOrDefault((word[i], word[i + 1])) + 1;
            if (counts.Count == 0)
                break;
            ((string left, string right), int count) = counts.OrderByDescending(entry => entry.Value)
                .ThenBy(entry => symbols.IndexOf(entry.Key.Item1)).ThenBy(entry => symbols.IndexOf(entry.Key.Item2)).First();
            if (count < minimum)
                break;
            if (!rules.Contains($"{left} {right}"))
                rules.Add($"{left} {right}");
            if (!symbols.Contains(left + right))
                symbols.Add(left + right);
            foreach (List<string> word in words)
                for (int i = 0; i + 1 < word.Count; i++)
                    if (word[i] == left && word[i + 1] == right)
                    {
                        word[i] = left + right;
                        word.RemoveAt(i + 1);
                    }
        }
        return rules;
    }
}
