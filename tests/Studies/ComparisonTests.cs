using IntraDistill.Tasks;

namespace IntraDistill.Tests;

/// <summary>A comparison whose numbers are given: what its tables and sentences make of them.</summary>
public sealed class ComparisonTests : IDisposable
{
    private static readonly WeightRule[] s_rules = [WeightRule.Metric, WeightRule.Last];

    private readonly string _folder = Directory.CreateTempSubdirectory("intradistill-comparison-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Gains_are_judged_as_one_family_by_each_rule_and_a_rule_that_chooses_nothing_is_left_empty()
    {
        var comparison = new Comparison(s_rules, "points", "Task", "Against");
        // 2 points ahead on every seed and text by the metric, not by the last weights.
        comparison.Add(["RTE", "Baseline"], by => by == WeightRule.Metric ? Measured(2, 0.2) : Measured(0.1, 1));
        comparison.Add(["QA", "Baseline"], _ => Measured(-0.2, 1), [WeightRule.Last]);

        string gains = comparison.Gains("Gains", (new KitColumn("Ahead in"), ["3 of 4", "–"])).ToString();
        string[] lines = gains.Split('\n');
        Assert.Equal("Gains", lines[0]);
        Assert.Matches(@"RTE +Baseline +\*\+2\.00\* +\+1\.50 … \+2\.50 +0\.007 +\+1\.50 … \+2\.50 +0\.004 +better +3 of 4", gains);
        Assert.Matches(@"QA +Baseline +\*−0\.20\* +−\d\.\d\d … \+\d\.\d\d +[01]\.\d+ +−0\.70 … \+0\.30 +0\.500 +no difference shown +–", gains);
        Assert.Contains("p after Holm's correction over 2 comparisons; intervals without it. Bootstrap: 1,000 resamples.", gains);

        string byRule = comparison.ByRule("By rule").ToString();
        Assert.Matches(@"RTE +Baseline +\+2\.00 +better +\+0\.10 +no difference shown", byRule);
        Assert.Matches(@"QA +Baseline +– +– +−0\.20 +no difference shown", byRule);

        Assert.StartsWith("RTE against Baseline: by Metric better: +2.00 points", comparison.Sentences[0]);
        Assert.EndsWith("It depends on the rule: by Last no difference shown (+0.10).", comparison.Sentences[0]);
        Assert.StartsWith("QA against Baseline: by Last no difference shown: -0.20 points", comparison.Sentences[1]);
        // The family's correction is that of the comparisons themselves.
        ComparisonFamily family = new ComparisonFamily().Add("a", Measured(2, 0.2).Texts, Measured(2, 0.2).Seeds)
            .Add("b", Measured(-0.2, 1).Texts, Measured(-0.2, 1).Seeds);
        Assert.Equal(family.Verdicts.Select(verdict => (verdict.Kind, verdict.AdjustedSeedsP)),
            comparison.Verdicts().Select(verdict => (verdict.Kind, verdict.AdjustedSeedsP)));
        // One added later counts.
        comparison.Add(["CoLA", "Baseline"], _ => Measured(0, 1));
        Assert.Equal(3, comparison.Verdicts(WeightRule.Last).Count);
    }

    [Fact]
    public void Fewer_than_three_seeds_give_no_verdict_and_a_comparison_has_a_cell_a_heading()
    {
        var comparison = new Comparison(s_rules, "BLEU", "Intra-distillation");
        comparison.Add(["against the control"], _ => (Texts(1), PairedDifference.Of([1, 2], [2, 3.1])));
        Assert.Matches(@"against the control +\*\+1\.00\* +no test +– .*too few seeds", comparison.Gains("").ToString());
        Assert.Equal("a comparison named by 2 cells; expected 1: Intra-distillation",
            Assert.Throws<IntraDistillException>(() => comparison.Add(["a", "b"], _ => Measured(0, 1))).Message);
        Assert.Equal((1000, 1200), (Comparison.Resampling(9).Resamples, Comparison.Resampling(12).Resamples));
    }

    [Fact]
    public void Weights_of_all_seeds_are_named_and_once_where_they_are_the_same()
    {
        string table = new Comparison(s_rules, "BLEU", "x").Weights("Weights", "BLEU",
        [
            (["Baseline"], by => by == WeightRule.Last ? [("300", 31), ("300", 32)] : [("200", 30), ("100-300.mean3", 33)]),
            (["Control"], by => by == WeightRule.Last ? [("300", 30)] : null),
        ], "Arm").ToString();
        Assert.Matches(@"Baseline +200, 100-300 +31\.50 +300 +31\.50", table);
        Assert.Matches(@"Control +– +– +300 +30\.00", table);
    }

    [Fact]
    public void Costs_are_of_the_median_update_and_relative_to_the_baseline_of_the_same_task()
    {
        var store = new RunStore(_folder);
        StoredRun Run(string name, double updates, double milliseconds)
        {
            using RunFolder run = store.Start(name, new RunConfig(1, ("name", name)));
            run.Finish(("updates", updates), ("milliseconds_an_update", milliseconds), ("training_memory_mb", 400));
            return run;
        }
        StoredRun slow = Run("b", 50, 300);
        string table = Comparison.Cost("Cost",
        [
            (["RTE", "Baseline"], [Run("a", 100, 100), Run("a2", 300, 100)]), (["RTE", "Control"], [slow]),
            (["QA", "Baseline"], [slow]),
        ], "Task", "Arm").ToString();
        Assert.Matches(@"RTE +Baseline +200 +20\.0 +100\.0 +1\.00 +400", table);
        Assert.Matches(@"RTE +Control +50 +15\.0 +300\.0 +3\.00 +400", table);
        Assert.Matches(@"QA +Baseline +50 +15\.0 +300\.0 +1\.00 +400", table);
        Assert.DoesNotContain("as many passes", table, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_work_is_told_in_time()
    {
        var store = new RunStore(_folder);
        StoredRun Run(string name, double updates)
        {
            using RunFolder run = store.Start(name, new RunConfig(1, ("name", name)));
            run.Finish(("updates", updates), ("milliseconds_an_update", 100), ("training_memory_mb", 400));
            return run;
        }
        (string[], IReadOnlyList<StoredRun>)[] rows =
        [
            ([Arms.Baseline], [Run("a", 40)]), ([Arms.EqualWork], [Run("b", 120)]), ([Arms.IntraDistillation], [Run("c", 100)]),
        ];
        Assert.EndsWith("[3] For as many passes the equal-work baseline trained 12.0 s, intra-distillation 10.0 s: the baseline had 20 % more time.",
            Comparison.Cost("Cost", rows, "Arm").ToString(), StringComparison.Ordinal);
        string ofTask = Comparison.Cost("Cost", rows.Select(row => (new[] { "RTE", row.Item1[0] }, row.Item2)), "Task", "Arm").ToString();
        Assert.Contains("[3] RTE: for as many passes ", ofTask, StringComparison.Ordinal);
    }

    private static (BootstrapComparison Texts, PairedDifference? Seeds) Measured(double gain, double spread) =>
        (Texts(gain), PairedDifference.Of([10, 11, 12], [10 + gain - spread, 11 + gain, 12 + gain + spread]));

    private static BootstrapComparison Texts(double gain)
    {
        BootstrapInterval Of(double score) => new(score, score, score - 0.5, score + 0.5);
        return new(Of(10), Of(10 + gain), Of(gain), Math.Abs(gain) > 0.5 ? 0.002 : 0.5, 1000);
    }
}
