using static TorchSharp.torch;
using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class TranslationBatchesTests
{
    private static readonly SubwordVocabulary s_letters =
        SubwordLearner.Learn(["a b c d e f"], new SubwordSettings { Merges = 0 });

    [Fact]
    public void A_batch_holds_shifted_targets_ends_and_padding()
    {
        TranslationBatch batch = Assert.Single(TranslationBatches.InOrder(
            [new SentencePair("ab", "abc"), new SentencePair("a", "b")], s_letters));
        Assert.Equal([1, 0], batch.Indices);
        // Encoding puts a space before a text.
        (long space, long a, long b, long c) = (Id(" "), Id("a"), Id("b"), Id("c"));
        Assert.Equal(new[,] { { space, a, 2, 0 }, { space, a, b, 2 } }, batch.Source);
        Assert.Equal(new[,] { { 1, space, b, 0, 0 }, { 1, space, a, b, c } }, batch.DecoderInput);
        Assert.Equal(new[,] { { space, b, 2, 0, 0 }, { space, a, b, c, 2 } }, batch.Target);
        Assert.Equal(3 + 5, batch.Tokens);
    }

    [Fact]
    public void Every_pair_is_in_an_epoch_once_within_the_budget()
    {
        Prop.ForAll(Corpora().ToArbitrary(), pairs =>
        {
            TranslationBatchSettings settings = new() { MaxTokens = 40, MaxLength = 40, Seed = 3 };
            IReadOnlyList<TranslationBatch> epoch = new TranslationBatches(pairs, s_letters, settings).Epoch(2);
            Assert.Equal(Enumerable.Range(0, pairs.Length), epoch.SelectMany(batch => batch.Indices).Order());
            foreach (TranslationBatch batch in epoch)
            {
                int rows = batch.Source.GetLength(0);
                Assert.True(rows * Math.Max(batch.Source.GetLength(1), batch.Target.GetLength(1)) <= settings.MaxTokens);
                Assert.Equal(batch.Tokens, batch.Target.Cast<long>().Count(id => id != SubwordVocabulary.PadId));
                for (int row = 0; row < rows; row++)
                {
                    Assert.Equal(pairs[batch.Indices[row]].Source, Text(batch.Source, row));
                    Assert.Equal(pairs[batch.Indices[row]].Target, Text(batch.Target, row));
                }
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void An_epoch_depends_on_seed_and_number_alone()
    {
        SentencePair[] pairs = Corpora().Sample(1, 50)[0].Concat(Enumerable.Repeat(new SentencePair("abc", "abc"), 30)).ToArray();
        Assert.Equal(Order(1, 0), Order(1, 0));
        Assert.NotEqual(Order(1, 0), Order(1, 1));
        Assert.NotEqual(Order(1, 0), Order(2, 0));

        IEnumerable<int> Order(int seed, int epoch) =>
            new TranslationBatches(pairs, s_letters, new TranslationBatchSettings { MaxTokens = 40, MaxLength = 40, Seed = seed })
                .Epoch(epoch).SelectMany(batch => batch.Indices);
    }

    [Fact]
    public void Evaluation_batches_put_results_back_in_order()
    {
        SentencePair[] pairs = [.. Enumerable.Range(0, 40)
            .Select(i => new SentencePair(new string('a', i * 7 % 11), $"{(char)('a' + i % 6)}"))];
        TranslationBatchSettings settings = new() { MaxTokens = 30, MaxLength = 30 };
        string[] sources = new string[pairs.Length];
        foreach (TranslationBatch batch in TranslationBatches.InOrder(pairs, s_letters, settings))
            for (int row = 0; row < batch.Indices.Count; row++)
                sources[batch.Indices[row]] = Text(batch.Source, row);
        Assert.Equal(pairs.Select(pair => pair.Source), sources);
    }

    [Fact]
    public void A_sentence_too_long_loses_its_end()
    {
        TranslationBatches batches = new(
            [new SentencePair("abcdef", "ab"), new SentencePair("a", "a")], s_letters,
            new TranslationBatchSettings { MaxLength = 5, MaxTokens = 10 });
        TranslationBatch longest = batches.Epoch(0).Single(batch => batch.Indices.Contains(0));
        int row = longest.Indices.ToList().IndexOf(0);
        Assert.Equal("abc", Text(longest.Source, row));
        Assert.Equal(SubwordVocabulary.EosId, longest.Source[row, 4]);
    }

    [Fact]
    public void No_pairs_or_a_bad_budget_is_an_error()
    {
        Assert.Throws<IntraDistillException>(() => new TranslationBatches([], s_letters));
        Assert.Throws<IntraDistillException>(() => new TranslationBatches(
            [new SentencePair("a", "b")], s_letters, new TranslationBatchSettings { MaxTokens = 10, MaxLength = 11 }));
    }

    private static Gen<SentencePair[]> Corpora()
    {
        Gen<string> text = Gen.Choose(0, 30).SelectMany(length => Gen.Elements("abc def".ToCharArray()).ArrayOf(length))
            .Select(letters => new string(letters));
        return text.SelectMany(source => text.Select(target => new SentencePair(source, target))).NonEmptyListOf()
            .Select(pairs => pairs.ToArray());
    }

    private static long Id(string character) => character == " " ? s_letters.Encode("a")[0] : s_letters.Encode(character)[^1];

    private static string Text(long[,] ids, int row) =>
        s_letters.Decode(Enumerable.Range(0, ids.GetLength(1)).Select(column => (int)ids[row, column]));

    [Fact]
    public void A_batch_becomes_tensors_and_lengths_can_be_filled_up()
    {
        TranslationBatch batch = new(new long[,] { { 5, 6, 3 } }, new long[,] { { 2, 8 } }, new long[,] { { 8, 3 } }, 2);
        var (source, input, target) = batch.On(CPU);
        Assert.Equal([5, 6, 3], source.data<long>());
        Assert.Equal([2, 8], input.data<long>());
        Assert.Equal([8, 3], target.data<long>());
        using Tensor filled = DeviceTensors.From(batch.Source, CPU, 8);
        Assert.Equal([1, 8], filled.shape);
        Assert.Equal([5, 6, 3, 0, 0, 0, 0, 0], filled.data<long>());
    }
}
