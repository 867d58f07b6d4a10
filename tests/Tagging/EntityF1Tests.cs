using FsCheck;
using FsCheck.Fluent;
using IntraDistill.Tasks;

namespace IntraDistill.Tests;

public sealed class EntityF1Tests
{
    // XTREME's evaluate.py averages over these, the first 40 of the paper's 48.
    private static readonly IEnumerable<string> s_xtreme = PanxCorpus.Languages.TakeWhile(language => language != "qu");

    [Fact]
    public void The_files_of_XTREME_score_to_the_last_digit()
    {
        EntityCounts[] scores = [.. s_xtreme.Select(language =>
            EntityF1.Of(Tags("predictions", language), Tags("labels", language)).Overall)];
        Assert.Equal(40, scores.Length);
        Assert.Equal(57.50793650793652, Mean(score => score.F1));
        Assert.Equal(54.729166666666664, Mean(score => score.Precision));
        Assert.Equal(62.750000000000014, Mean(score => score.Recall));

        double Mean(Func<EntityCounts, double> score) => scores.Aggregate(0.0, (sum, one) => sum + score(one)) / scores.Length;

        static IReadOnlyList<IReadOnlyList<string>> Tags(string which, string language) =>
            Lines($"reference/xtreme-scoring/{which}/panx/test-{language}.tsv");
    }

    [Fact]
    public void The_chunks_of_CoNLL_2000_score_as_conlleval_says()
    {
        string[][] lines = Lines("data/metrics/conll2000_ground_truth.txt");
        EntityF1 score = EntityF1.Of(Column(^1), Column(^2));
        Assert.Equal("accuracy 84.08, precision 68.83, recall 80.83, F1 74.35", score.ToString());

        string[][] Column(Index at) =>
            [.. lines.Select(sentence => sentence.Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[at]).ToArray())];
    }

    [Theory]
    [InlineData("B-A I-A O B-A", "A0-2 A3-4")]
    [InlineData("I-A I-A O I-A", "A0-2 A3-4")]
    [InlineData("I-A B-A I-A", "A0-1 A1-3")]
    [InlineData("B-A I-B I-B", "A0-1 B1-3")]
    [InlineData("S-A B-A E-A S-A", "A0-1 A1-3 A3-4")]
    [InlineData("B-A E-A I-A E-A E-A", "A0-2 A2-4 A4-5")]
    [InlineData("S-A I-A O E-A", "A0-1 A1-2 A3-4")]
    [InlineData("I-A O", "A0-1")]
    [InlineData("B I O B-", "0-2 3-4")]
    [InlineData("B-A-B I-A-B", "A-B0-2")]
    [InlineData("O O", "")]
    [InlineData("", "")]
    public void Entities_are_read_as_conlleval_reads_them(string tags, string spans) =>
        Assert.Equal(spans, string.Join(' ', EntitySpan.Of(tags.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Select(span => $"{span.Type}{span.Start}-{span.End}")));

    [Fact]
    public void Any_tags_are_counted_as_by_the_tables_of_conlleval()
    {
        string[] tags = ["O", .. new[] { "B", "I", "E", "S" }.SelectMany(prefix => new[] { $"{prefix}-X", $"{prefix}-Y" })];
        Gen<(string Gold, string Guessed)[]> sentence = Gen.Elements(tags)
            .SelectMany(gold => Gen.Frequency((2, Gen.Constant(gold)), (1, Gen.Elements(tags))).Select(guessed => (gold, guessed)))
            .ArrayOf();
        Prop.ForAll(sentence.ArrayOf().Where(sentences => sentences.Length > 0).ToArbitrary(), sentences =>
        {
            string[][] gold = [.. sentences.Select(one => one.Select(pair => pair.Gold).ToArray())];
            string[][] guessed = [.. sentences.Select(one => one.Select(pair => pair.Guessed).ToArray())];
            EntityF1 score = EntityF1.Of(guessed, gold);
            Assert.Equal(Conlleval(sentences), score.Overall);
            Assert.Equal(score.Overall.F1, EntityF1.Statistics(guessed, gold).Score);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Nothing_found_or_nothing_there_is_0_and_not_an_error()
    {
        EntityF1 nothing = EntityF1.Of([["O", "O"], []], [["O", "B-PER"], []]);
        Assert.Equal((0.0, 0.0, 0.0, 50.0),
            (nothing.Overall.Precision, nothing.Overall.Recall, nothing.Overall.F1, nothing.Accuracy));
        Assert.Equal(new EntityCounts(0, 0, 1), nothing.Overall);
        Assert.Equal(0, EntityF1.Of([[]], [[]]).Accuracy);
        Assert.Equal(100, EntityF1.Of([["S-LOC"]], [["B-LOC"]]).Overall.F1);
    }

    [Fact]
    public void A_resample_of_sentences_scores_as_these_sentences()
    {
        string[][] gold = [["B-A", "O"], ["B-B", "I-B"], ["O", "B-A"]], guessed = [["B-A", "O"], ["B-B", "O"], ["B-A", "B-A"]];
        SegmentStatistics statistics = EntityF1.Statistics(guessed, gold);
        Assert.Equal(3, statistics.Count);
        Assert.Equal(EntityF1.Of([guessed[0], guessed[0], guessed[2]], [gold[0], gold[0], gold[2]]).Overall.F1,
            statistics.ScoreOf([0, 0, 2]));
        Assert.Equal(statistics.Score, Bootstrap.Interval(statistics).Score);
    }

    [Fact]
    public void What_cannot_be_scored_is_said()
    {
        Refused("1 predictions and 2 labels", [["O"]], [["O"], ["O"]]);
        Refused("no prediction to score", [], []);
        Refused("sentence 1 (from 0): 1 predicted tags, where 2 were expected", [[], ["O"]], [[], ["O", "O"]]);
        Refused("predicted tags of sentence 0 (from 0): tag 'X-A', where O, or a type", [["X-A"]], [["O"]]);
        Refused("gold tags of sentence 0 (from 0): tag '0'", [["O"]], [["0"]]);
        Refused("tag 'BPER'", [["BPER"]], [["O"]]);
        Refused("tag ''", [[""]], [["O"]]);

        static void Refused(string message, string[][] predictions, string[][] gold)
        {
            Assert.Contains(message, Assert.Throws<IntraDistillException>(() => EntityF1.Of(predictions, gold)).Message);
            Assert.Contains(message, Assert.Throws<IntraDistillException>(() => EntityF1.Statistics(predictions, gold)).Message);
        }
    }

    /// <summary>The loop of conlleval, with its tables of where a chunk begins and where it ends, for all four prefixes.</summary>
    // The lines of each sentence, between which empty ones stand.
    private static string[][] Lines(string file) => [.. File.ReadAllText(ReferenceData.Path(file)).ReplaceLineEndings("\n")
        .Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(sentence => sentence.Split('\n', StringSplitOptions.RemoveEmptyEntries))];

    private static EntityCounts Conlleval((string Gold, string Guessed)[][] sentences)
    {
        int correct = 0, guessed = 0, there = 0;
        bool within = false;
        (char, string) lastGold = ('O', ""), lastGuessed = ('O', "");
        foreach ((string gold, string guess) in sentences.SelectMany(one => one.Append(("O", "O"))))
        {
            (char, string) g = Parse(gold), p = Parse(guess);
            bool goldEnds = Ends(lastGold, g), guessEnds = Ends(lastGuessed, p), goldStarts = Starts(lastGold, g),
                guessStarts = Starts(lastGuessed, p);
            if (within && goldEnds && guessEnds && lastGold.Item2 == lastGuessed.Item2)
                (within, correct) = (false, correct + 1);
            else if (within && (goldEnds != guessEnds || g.Item2 != p.Item2))
                within = false;
            if (goldStarts && guessStarts && g.Item2 == p.Item2)
                within = true;
            there += goldStarts ? 1 : 0;
            guessed += guessStarts ? 1 : 0;
            (lastGold, lastGuessed) = (g, p);
        }
        return new(correct, guessed, there);

        static (char, string) Parse(string tag) => (tag[0], tag.Length > 1 ? tag[2..] : "");

        static bool Ends((char Prefix, string Type) last, (char Prefix, string Type) tag) =>
            (last.Prefix, tag.Prefix) is ('B', 'B') or ('B', 'S') or ('B', 'O') or ('I', 'B') or ('I', 'S') or ('I', 'O')
                or ('E', _) or ('S', _)
            || (last.Prefix != 'O' && last.Type != tag.Type);

        static bool Starts((char Prefix, string Type) last, (char Prefix, string Type) tag) =>
            (last.Prefix, tag.Prefix) is (_, 'B') or (_, 'S') or ('E', 'E') or ('E', 'I') or ('S', 'E') or ('S', 'I')
                or ('O', 'E') or ('O', 'I')
            || (tag.Prefix != 'O' && last.Type != tag.Type);
    }
}
