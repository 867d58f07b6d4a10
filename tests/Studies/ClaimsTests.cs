
namespace IntraDistill.Tests;

/// <summary>Claims on three arms whose measures are given, seed by seed.</summary>
public class ClaimsTests
{
    private static readonly Dictionary<string, double[]> s_spread = new()
    {
        ["Baseline"] = [10, 11, 12, 13], ["Control"] = [6, 8, 9, 12], ["Ours"] = [5, 6.1, 7, 7.9],
    };

    private static Claims Claims(int seeds = 4)
    {
        var claims = new Claims("Ours", ("Baseline", "the baseline"), ("Control", "the control"));
        claims.Add("Narrower gap", "std", 1, smaller: true, Of);
        claims.Add("Narrower gap", "width", 2, smaller: false, Of);         // the opposite of what is so
        claims.Add("The task gains", "BLEU", 2, smaller: false, name => [.. Of(name).Select((_, i) => 30 + 0.1 * i)]);
        return claims;

        double[] Of(string name) => s_spread[name][..seeds];
    }

    [Fact]
    public void A_claim_holds_or_the_opposite_does_or_neither_is_shown_by_a_corrected_p()
    {
        Assert.Equal(
        [
            // Four differences of about −5 with a spread of 0.1, and of −1, −1.9, −2, −4.1 with one of 1.31.
            [ClaimOutcome.Holds, ClaimOutcome.NotShown], [ClaimOutcome.Opposite, ClaimOutcome.NotShown],
            [ClaimOutcome.NotShown, ClaimOutcome.NotShown],      // no difference at all
        ], Claims().Outcomes);

        string table = Claims().Table("Claims", ["Baseline", "Ours"]).ToString();
        Assert.Matches(@"Narrower gap +std +11\.5 +6\.5 +holds +not shown", table);
        Assert.Matches(@"\n +width +11\.50 +6\.50 +opposite +not shown", table);
        Assert.Matches(@"The task gains +BLEU +30\.15 +30\.15 +not shown +not shown", table);
        Assert.Equal(
        [
            "Against the baseline. Narrower gap. Measures: 2; holds: 1; the opposite: 1; not shown: 0.",
            "Against the baseline. The task gains. Measures: 1; holds: 0; the opposite: 0; not shown: 1.",
            "Against the control. Narrower gap. Measures: 2; holds: 0; the opposite: 0; not shown: 2.",
            "Against the control. The task gains. Measures: 1; holds: 0; the opposite: 0; not shown: 1.",
        ], Claims().Sentences);
    }

    [Fact]
    public void Differences_are_those_of_each_seed_with_their_interval_and_corrected_p()
    {
        string table = Claims().Differences("Control", "Against the control").ToString();
        // Mean −2.25, standard deviation 1.313; t = 3.43 with 3 degrees of freedom, p = 0.042; four of the six p are not smaller.
        Assert.Matches(@"std +smaller +−1\.0 · −1\.9 · −2\.0 · −4\.1 +−2\.\d +−4\.3 … −0\.2 +0\.166 +4 of 4", table);
        Assert.Matches(@"width +larger .* 0 of 4", table);
        Assert.Contains("p after Holm's correction over the 6 comparisons of these tables; intervals without it.", table);
        Assert.Equal("nothing is compared with Other; expected one of Baseline, Control",
            Assert.Throws<IntraDistillException>(() => Claims().Differences("Other", "")).Message);
    }

    [Fact]
    public void With_two_seeds_nothing_is_tested_and_there_are_only_counts()
    {
        Claims claims = Claims(seeds: 2);
        Assert.All(claims.Outcomes, of => Assert.All(of, one => Assert.Equal(ClaimOutcome.NoTest, one)));
        Assert.Matches(@"std +10\.5 +2 of 2 seeds +2 of 2 seeds", claims.Table("", ["Baseline"]).ToString());
        Assert.Equal("Against the baseline. Narrower gap. Measures: 2; its way in all 2 seeds: 1; no verdict with so few seeds.",
            claims.Sentences[0]);
        Assert.Contains("Fewer than 3 seeds: nothing is tested.", claims.Differences("Baseline", "").ToString());
    }
}
