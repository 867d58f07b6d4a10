using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;
using IntraDistill.Tests.DataScripts;

namespace IntraDistill.Tests;

public sealed class QuestionWindowsTests
{
    private static readonly BertTokenizer s_letters =
        WordPieceLearner.Learn(["a b c d e f g h i j"], new WordPieceSettings { CharacterCoverage = 1 });

    private static readonly QuestionBatchSettings s_small = new() { MaxLength = 8, Stride = 2, MaxQuestionLength = 2 };

    private static QuestionExample Question(string question, string context, string answer) => new("q", question, context,
        answer == "" ? [] : [new AnswerSpan(answer, context.IndexOf(answer, StringComparison.Ordinal))]);

    private static string Tokens(QuestionWindow window) => string.Join(' ', window.Text.Ids.Select(s_letters.Token));

    [Fact]
    public void The_next_window_begins_a_stride_later_and_only_the_one_with_the_whole_answer_is_labelled()
    {
        IReadOnlyList<QuestionWindow> windows = QuestionWindows.Of(
            [Question("a b j", "c d e f g h i", "e f")], s_letters, s_small);
        // The question is cut to two tokens, which leaves room for three of the text.
        Assert.Equal(["[CLS] a b [SEP] c d e [SEP]", "[CLS] a b [SEP] e f g [SEP]", "[CLS] a b [SEP] g h i [SEP]"],
            windows.Select(Tokens));
        Assert.Equal([(0, 0, false), (4, 5, true), (0, 0, false)], windows.Select(one => (one.Start, one.End, one.HasAnswer)));
        Assert.Equal([(0, 4, 3), (2, 4, 3), (4, 4, 3)],
            windows.Select(one => (one.FirstToken, one.ContextStart, one.ContextLength)));
        Assert.Equal(new AnswerSpan("e f", 4), windows[1].Cut("c d e f g h i", 4, 5));
        // A token at the edge of two windows counts in the earlier one.
        Assert.Equal([[true, true, true], [false, true, true], [false, true, true]], windows.Select(one => one.Fullest));
        Assert.All(windows, one => Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1], one.Text.TypeIds));
    }

    [Fact]
    public void Every_token_of_the_text_is_in_a_window_and_has_the_fullest_text_around_it_in_one()
    {
        var cases = Gen.Choose(0, 60).SelectMany(length => Gen.Choose(1, 7).SelectMany(stride => Gen.Choose(0, 5)
            .SelectMany(spare => Gen.Choose(0, 6).Select(question =>
                (Length: length, Stride: stride, Spare: spare, Question: question)))));
        Prop.ForAll(cases.ToArbitrary(), one =>
        {
            QuestionBatchSettings settings = new()
            {
                Stride = one.Stride, MaxQuestionLength = 4, MaxLength = 4 + one.Stride + 4 + one.Spare,
            };
            string context = string.Join(' ', Enumerable.Range(0, one.Length).Select(i => (char)('a' + i * 7 % 10)));
            EncodedText all = s_letters.Encode(context, null, 1000);
            IReadOnlyList<QuestionWindow> windows = QuestionWindows.Of(
                [Question(string.Join(' ', Enumerable.Repeat('a', one.Question)), context, "")], s_letters, settings);
            var fullest = new int[one.Length];
            var covered = new bool[one.Length];
            foreach (QuestionWindow window in windows)
            {
                Assert.InRange(window.Text.Length, 3, settings.MaxLength);
                for (int i = 0; i < window.ContextLength; i++)
                {
                    int token = window.FirstToken + i;
                    Assert.Equal(all.Ids[1 + token], window.Text.Ids[window.ContextStart + i]);
                    Assert.Equal(all.Offsets[1 + token], window.Text.Offsets[window.ContextStart + i]);
                    covered[token] = true;
                    fullest[token] += window.Fullest[i] ? 1 : 0;
                }
            }
            Assert.All(covered, Assert.True);
            Assert.All(fullest, times => Assert.Equal(1, times));
            Assert.Equal(
                Enumerable.Range(0, windows.Count).Select(i => i * one.Stride), windows.Select(window => window.FirstToken));
            // None but the last reaches the end.
            Assert.All(windows.SkipLast(1), window => Assert.True(window.FirstToken + window.ContextLength < one.Length));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void An_answer_is_all_tokens_that_have_a_character_of_it_in_units_of_the_original()
    {
        // [UNK] for 🦊c and for the Ç; "éb" is é of two units, and its accent goes with it.
        const string Context = "a 🦊c, e\u0301b\u00a0 Çd.";
        foreach ((string answer, string found) in new[]
            { ("🦊", "🦊c"), ("c", "🦊c"), ("e\u0301b", "e\u0301b"), ("b\u00a0 Çd", "e\u0301b\u00a0 Çd"), ("Ç", "Çd") })
        {
            QuestionWindow window = Assert.Single(QuestionWindows.Of([Question("a", Context, answer)], s_letters));
            AnswerSpan cut = window.Cut(Context, window.Start, window.End);
            Assert.Contains(answer, cut.Text);
            Assert.Equal(cut.Text, Context[cut.Start..cut.End]);
            Assert.InRange(cut.Text.Length, answer.Length, found.Length);
        }
        // White space alone has no token.
        Assert.False(QuestionWindows.Of([Question("a", "b c", " ")], s_letters)[0].HasAnswer);
        Assert.Equal(0, Assert.Single(QuestionWindows.Of([Question("a", " ", "")], s_letters)).ContextLength);
    }

    /// <summary>How many of the first answers tokens give back exactly; the others are within tokens that have more
    /// characters.</summary>
    [Theory]
    [InlineData("bert-base-multilingual-cased", 1)]
    [InlineData("xlm-roberta-base", 2)]
    public void Answers_of_the_real_TyDiQA_are_within_their_windows_tokens(string vocabulary, int separators)
    {
        PretrainedTokenizer tokenizer = PretrainedTokenizer.Load(ReferenceData.Path($"data/vocab/{vocabulary}"));
        using TemporaryFolder folder = new();
        TransferCorpus<QuestionExample> corpus = TydiqaCorpus.Load(RealFolders.Tydiqa(folder.Path)).ForTransfer().Sample(train: 300, test: 60);
        List<string> counts = [];
        foreach ((string name, IReadOnlyList<QuestionExample> questions) in
            corpus.Test.Select(test => (test.Key, test.Value)).Prepend(("train", corpus.Train)))
        {
            IReadOnlyList<QuestionWindow> windows = QuestionWindows.Of(questions, tokenizer);
            HashSet<int> exact = [], within = [];
            foreach (QuestionWindow window in windows)
            {
                Assert.InRange(window.Text.Length, 5, 384);
                Assert.Equal(tokenizer.ClsId, window.Text.Ids[0]);
                Assert.All(Enumerable.Range(1, separators),
                    back => Assert.Equal(tokenizer.SepId, window.Text.Ids[window.ContextStart - back]));
                Assert.Equal(tokenizer.SepId, window.Text.Ids[^1]);
                if (!window.HasAnswer)
                    continue;
                QuestionExample question = questions[window.Question];
                AnswerSpan answer = question.Answers[0], cut = window.Cut(question.Context, window.Start, window.End);
                // Invisible marks at an answer's sides are no part of a token.
                Assert.Contains(answer.Text.Trim().Trim('\u200b', '\u200c', '\u200d', '\u200e', '\u200f', '\ufeff'), cut.Text);
                within.Add(window.Question);
                if (cut.Text == answer.Text)
                    exact.Add(window.Question);
            }
            counts.Add($"{name}: {questions.Count} questions, {windows.Count} windows, {windows.Count(one => one.HasAnswer)} "
                + $"with the answer, of {within.Count} questions, {exact.Count} exactly");
            Assert.InRange(within.Count, 0.98 * questions.Count, questions.Count);
            Assert.InRange(exact.Count, 0.7 * questions.Count, questions.Count);
        }
        TestContext.Current.TestOutputHelper!.WriteLine(string.Join('\n', counts));
    }

    [Fact]
    public void What_cannot_be_cut_is_named()
    {
        Assert.StartsWith("question q: the text has half of a surrogate pair", Refusal(new()));
        Assert.Contains("Stride is 0", Refusal(new() { Stride = 0 }));
        Assert.Contains("MaxQuestionLength is 0", Refusal(new() { MaxQuestionLength = 0 }));
        Assert.Contains("MaxLength beside this question length and stride is 100; expected at least 196",
            Refusal(new() { MaxLength = 100 }));

        static string Refusal(QuestionBatchSettings settings) => Assert.Throws<IntraDistillException>(
            () => QuestionWindows.Of([Question("\ud800", "a", "")], s_letters, settings)).Message;
    }
}
