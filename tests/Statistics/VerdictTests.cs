using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>What is said of a family of comparisons.</summary>
public class VerdictTests
{
    [Fact]
    public void A_claim_needs_both_seeds_and_texts_after_the_correction()
    {
        ComparisonFamily family = new ComparisonFamily()
            .Add("both", Texts(1.2, 0.31, 2.11, 0.002), Seeds(1.2, 0.43, 1.97, 0.004))
            .Add("both, worse", Texts(-1.2, -2.11, -0.31, 0.002), Seeds(-1.2, -1.97, -0.43, 0.004))
            .Add("texts only", Texts(1.2, 0.31, 2.11, 0.002), Seeds(1.2, -0.2, 2.6, 0.07))
            .Add("seeds only", Texts(1.2, -0.1, 2.4, 0.06), Seeds(1.2, 0.43, 1.97, 0.004));
        Assert.Equal([VerdictKind.Better, VerdictKind.Worse, VerdictKind.NoDifferenceShown, VerdictKind.NoDifferenceShown],
            family.Verdicts.Select(verdict => verdict.Kind));
        Assert.Equal(4, family.Verdicts.Count);
        Assert.Equal([0.008, 0.008, 0.008, 0.06], family.Verdicts.Select(verdict => Math.Round(verdict.AdjustedTextsP, 9)));
        Assert.Equal([0.016, 0.016, 0.07, 0.016], family.Verdicts.Select(verdict => Math.Round(verdict.AdjustedSeedsP, 9)));
        Assert.Equal(family.Verdicts[2], Of(family, "texts only"));
    }

    [Fact]
    public void What_is_significant_alone_need_not_be_so_in_a_family()
    {
        BootstrapComparison texts = Texts(1.2, 0.31, 2.11, 0.012);
        PairedDifference seeds = Seeds(1.2, 0.43, 1.97, 0.012);
        ComparisonFamily family = new ComparisonFamily().Add("it", texts, seeds, "BLEU");
        Assert.Equal("better: +1.20 BLEU, 95 % over 3 seeds 0.43 … 1.97, over texts 0.31 … 2.11; p = 0.012 over seeds, "
            + "p = 0.012 over texts", Of(family, "it").Sentence);

        for (int i = 0; i < 4; i++)
            family.Add($"nothing {i}", Texts(0, -1, 1, 1), Seeds(0, -1, 1, 1));
        Assert.Equal(VerdictKind.NoDifferenceShown, Of(family, "it").Kind);
        Assert.Equal("it: no difference shown: +1.20 BLEU, 95 % over 3 seeds 0.43 … 1.97, over texts 0.31 … 2.11; Holm over 5 "
            + "comparisons: p = 0.060 over seeds, p = 0.060 over texts; both intervals exclude 0, but not so far that it stands in "
            + "so many comparisons", Of(family, "it").ToString());
        Assert.Equal(5, family.ToString().Split('\n').Length);
    }

    [Theory]
    [InlineData(0.002, 0.012, VerdictKind.NoDifferenceShown)]
    [InlineData(0.012, 0.002, VerdictKind.NoDifferenceShown)]
    [InlineData(0.002, 0.002, VerdictKind.Better)]
    public void Each_correction_can_take_a_claim_back(double pOfTexts, double pOfSeeds, VerdictKind kind)
    {
        ComparisonFamily family = new ComparisonFamily().Add("it", Texts(1.2, 0.31, 2.11, pOfTexts), Seeds(1.2, 0.43, 1.97, pOfSeeds));
        for (int i = 0; i < 4; i++)
            family.Add($"nothing {i}", Texts(0, -1, 1, 1), Seeds(0, -1, 1, 1));
        Assert.Equal(kind, Of(family, "it").Kind);
    }

    [Fact]
    public void Seeds_and_texts_must_point_to_one_side()
    {
        Verdict verdict = Alone(Texts(1.2, 0.31, 2.11, 0.012), Seeds(-1.2, -1.97, -0.43, 0.012));
        Assert.Equal(VerdictKind.NoDifferenceShown, verdict.Kind);
        Assert.EndsWith("; seeds and texts point to different sides", verdict.Sentence);
    }

    [Fact]
    public void No_claim_contradicts_an_interval_beside_it()
    {
        // p and interval are two numbers, and rounding may part them at the edge.
        Assert.Equal(VerdictKind.NoDifferenceShown, Alone(Texts(1, 0, 2, 0.0499), Seeds(1, 0.5, 1.5, 0.01)).Kind);
        Assert.Equal(VerdictKind.NoDifferenceShown, Alone(Texts(1, 0.5, 1.5, 0.01), Seeds(1, 0, 2, 0.0499)).Kind);
        Assert.Equal(VerdictKind.NoDifferenceShown, Alone(Texts(1, 0.5, 1.5, 0.05), Seeds(1, 0.5, 1.5, 0.01)).Kind);
        Verdict near = Alone(Texts(1, 0.0004, 2, 0.04996), Seeds(1, 0.5, 1.5, 0.01));
        Assert.Equal(VerdictKind.Better, near.Kind);
        Assert.Contains("over texts 0.0004 … 2.00; p = 0.010 over seeds, p = 0.04996 over texts", near.Sentence);
    }

    [Fact]
    public void Too_few_seeds_give_no_verdict_but_what_the_texts_say_of_these()
    {
        PairedDifference two = PairedDifference.Of([50, 60], [51, 61.3]);
        ComparisonFamily family = new ComparisonFamily()
            .Add("none", Texts(-1.2, -2.11, -0.31, 0.002), seeds: null)
            .Add("two", Texts(1.2, 0.31, 2.11, 0.002), two)
            .Add("two alike", Texts(0.2, -0.31, 0.71, 0.4), two)
            .Add("three", Texts(1.2, 0.31, 2.11, 0.002), Seeds(1.2, 0.43, 1.97, 0.04));
        Assert.Equal([VerdictKind.TooFewSeeds, VerdictKind.TooFewSeeds, VerdictKind.TooFewSeeds, VerdictKind.Better],
            family.Verdicts.Select(verdict => verdict.Kind));
        Assert.Equal("too few seeds for a verdict (none given, at least 3 are needed): -1.20 points, 95 % over texts -2.11 … -0.31; "
            + "Holm over 4 comparisons: p = 0.008 over texts; of these seeds only, by the texts: worse", Of(family, "none").Sentence);
        Assert.Equal("too few seeds for a verdict (2, at least 3 are needed): +1.20 points, 95 % over texts 0.31 … 2.11; "
            + "Holm over 4 comparisons: p = 0.008 over texts; of these seeds only, by the texts: better", Of(family, "two").Sentence);
        Assert.EndsWith("of these seeds only, by the texts: no difference shown", Of(family, "two alike").Sentence);
        // One test over seeds among four comparisons: nothing to correct there.
        Assert.Contains("p = 0.040 over seeds (family of 1), p = 0.008 over texts", Of(family, "three").Sentence);
    }

    [Fact]
    public void Equal_differences_of_three_seeds_show_nothing()
    {
        Verdict equal = Alone(Texts(1.2, 0.31, 2.11, 0.002), PairedDifference.Of([1, 2, 3], [2, 3, 4]));
        Assert.Equal(VerdictKind.NoDifferenceShown, equal.Kind);
        Assert.Equal("no difference shown: +1.20 points, 95 % over texts 0.31 … 2.11; p = 0.002 over texts; no test over 3 seeds, "
            + "whose differences are all equal", equal.Sentence);
        Verdict none = Alone(Texts(0, 0, 0, 1), PairedDifference.Of([1, 2, 3], [1, 2, 3]));
        Assert.Equal("no difference shown: 0.00 points, 95 % over texts 0.00 … 0.00; p = 1.000 over seeds, p = 1.000 over texts",
            none.Sentence);
    }

    [Fact]
    public void Resamples_too_few_for_the_family_are_named()
    {
        ComparisonFamily family = new();
        for (int i = 0; i < 25; i++)
            family.Add($"{i}", Texts(1.2, 0.31, 2.11, 2.0 / 1001), Seeds(1.2, 1.1, 1.3, 0.0001));
        Assert.All(family.Verdicts, verdict => Assert.Equal(VerdictKind.Better, verdict.Kind));
        family.Add("25", Texts(1.2, 0.31, 2.11, 2.0 / 1001), Seeds(1.2, 1.1, 1.3, 0.0001));
        Assert.All(family.Verdicts, verdict => Assert.Equal(VerdictKind.NoDifferenceShown, verdict.Kind));
        Assert.EndsWith("; 1000 resamples are too few for 26 comparisons, 1040 would do", Of(family, "25").Sentence);
    }

    [Fact]
    public void One_sentence_tells_whether_the_rule_for_the_weights_matters()
    {
        Verdict better = Alone(Texts(1.2, 0.31, 2.11, 0.002), Seeds(1.2, 0.43, 1.97, 0.004));
        Verdict less = Alone(Texts(0.8, 0.2, 1.4, 0.002), Seeds(0.8, 0.3, 1.3, 0.004));
        Verdict none = Alone(Texts(0.1, -0.4, 0.6, 0.8), Seeds(0.1, -1, 1.2, 0.9));
        Assert.Equal($"by validation BLEU {better.Sentence}", Verdict.ByRule([("validation BLEU", better)]));
        Assert.Equal($"by validation BLEU {better.Sentence}. The same by last weights (+0.80), by loss (+1.20)",
            Verdict.ByRule([("validation BLEU", better), ("last weights", less), ("loss", better)]));
        Assert.Equal($"by validation BLEU {better.Sentence}. It depends on the rule: by last weights better (+0.80), "
            + "by loss no difference shown (+0.10)",
            Verdict.ByRule([("validation BLEU", better), ("last weights", less), ("loss", none)]));
    }

    [Fact]
    public void Names_are_each_ones_own()
    {
        ComparisonFamily family = new ComparisonFamily().Add("a", Texts(0, 0, 0, 1), null).Add("b", Texts(0, 0, 0, 1), null);
        Assert.Equal("two comparisons called 'a'; expected a name of its own for each",
            Assert.Throws<IntraDistillException>(() => family.Add("a", Texts(0, 0, 0, 1), null)).Message);
        Assert.Empty(new ComparisonFamily().Verdicts);
    }

    private static Verdict Alone(BootstrapComparison texts, PairedDifference? seeds) =>
        new ComparisonFamily().Add("it", texts, seeds).Verdicts[0];

    private static Verdict Of(ComparisonFamily family, string name) => family.Verdicts.Single(verdict => verdict.Name == name);

    private static BootstrapComparison Texts(double difference, double low, double high, double p) => new(
        new(50, 50, 48, 52), new(50 + difference, 50 + difference, 48, 53), new(difference, difference, low, high), p, 1000);

    private static PairedDifference Seeds(double difference, double low, double high, double p) =>
        new(3, difference, 0.5, low, high, p);
}
