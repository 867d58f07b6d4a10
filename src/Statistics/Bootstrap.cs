using System.Globalization;

namespace IntraDistill;

/// <summary>How the test set is resampled. The defaults are sacreBLEU's.</summary>
public sealed record BootstrapSettings
{
    /// <summary>How many resamples are drawn, at least 40: fewer have no 2.5 % on either side. The smallest p of n resamples is 2 / (n +
    /// 1), so that a family of m comparisons (see <see cref="ComparisonFamily"/>) needs at least 40·m.</summary>
    public int Resamples { get; init; } = 1000;

    /// <summary>The seed of the draws; equal seeds draw equal segments, whatever the systems.</summary>
    public int Seed { get; init; } = 12345;
}

/// <summary>The score of the test set itself (of several runs, the mean), the mean over its resamples, and the range in which 95 % of them
/// lie: their 2.5th and 97.5th percentiles.</summary>
public sealed record BootstrapInterval(double Score, double Mean, double Low, double High) : IOneLine
{
    /// <summary>Half the width of the interval: the number sacreBLEU prints after ±.</summary>
    public double HalfWidth => (High - Low) / 2;

    /// <summary>As <c>34.27 [33.12, 35.40]</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Score:F2} [{Low:F2}, {High:F2}]");
}

/// <summary>Two systems on the same resamples of one test set.</summary>
/// <param name="Baseline">The first system's score and 95 % interval.</param>
/// <param name="System">The second system's score and 95 % interval.</param>
/// <param name="Difference">The second's score less the first's. Its interval is narrower than the two systems' suggest, since both are
/// scored on the same segments.</param>
/// <param name="PValue">The two-sided p-value of the paired bootstrap, from the choice of test segments: below 0.05 exactly when the
/// interval of <paramref name="Difference"/> excludes 0, and 1 for identical systems. Twice the smaller share of resamples in which the
/// difference is not above, or not below, 0, with 1 added to count and number (Davison and Hinkley 1997, chapter 4). Like the interval it
/// is a little liberal on small test sets: of systems that are alike on 200 segments, BLEU calls 5.7 % different at 0.05. It is not the
/// p-value of sacreBLEU's <c>--paired-bs</c>, which counts one tail and so is about half. It says nothing of another training seed.</param>
/// <param name="Resamples">How many resamples were drawn.</param>
public sealed record BootstrapComparison(
    BootstrapInterval Baseline, BootstrapInterval System, BootstrapInterval Difference, double PValue, int Resamples) : IOneLine
{
    /// <summary>As <c>+1.20 [0.31, 2.11], p = 0.012</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Difference.Score:+0.00;-0.00;0.00} [{Difference.Low:F2}, {Difference.High:F2}], {PText.Of(PValue)}");
}

/// <summary>Bootstrap resampling of a test set (Koehn 2004): 95 % percentile intervals of one system, which are sacreBLEU's but for NumPy's
/// random draws, and the paired test of two. Where a system is given as several runs (one <see cref="SegmentStatistics"/> a training seed,
/// over one test set), its score is the mean over the runs, each scored on the same resample.</summary>
public static class Bootstrap
{
    // Means of equal scores, taken in another order, differ at about 1e-16 of them; what differs less than this is equal.
    private const double Rounding = 1e-12;

    private const int FewestResamples = 40;

    /// <summary>A score with its 95 % interval.</summary>
    /// <exception cref="IntraDistillException">Fewer than 40 resamples are asked for.</exception>
    public static BootstrapInterval Interval(SegmentStatistics system, BootstrapSettings? settings = null) => Interval([system], settings);

    /// <summary>The mean score of several runs with its 95 % interval.</summary>
    /// <exception cref="IntraDistillException">No run, runs over different test sets, or fewer than 40 resamples.</exception>
    public static BootstrapInterval Interval(IReadOnlyList<SegmentStatistics> runs, BootstrapSettings? settings = null)
    {
        double[][] scores = Resample([[runs]], aligned: false, settings ?? new());
        return Summarize(runs.Average(run => run.Score), scores[0]);
    }

    /// <summary>Compares two systems on one test set.</summary>
    /// <exception cref="IntraDistillException">The test sets or metrics differ, or fewer than 40 resamples are asked for.</exception>
    public static BootstrapComparison Compare(SegmentStatistics baseline, SegmentStatistics system, BootstrapSettings? settings = null) =>
        Compare([baseline], [system], settings);

    /// <summary>Compares two systems of several runs each on one test set; the numbers of runs may differ.</summary>
    /// <exception cref="IntraDistillException">No run, runs over different test sets or metrics, or fewer than 40 resamples.</exception>
    public static BootstrapComparison Compare(
        IReadOnlyList<SegmentStatistics> baseline, IReadOnlyList<SegmentStatistics> system, BootstrapSettings? settings = null) =>
        CompareAverages([baseline], [system], aligned: false, settings);

    /// <summary>Compares two systems by their average over several test sets, each of which counts the same, as one a language.</summary>
    /// <param name="baseline">The first system's runs on each test set.</param>
    /// <param name="system">The second system's runs on the same test sets.</param>
    /// <param name="aligned">Whether the test sets are the same segments in several languages, so that a resample draws the same ones in
    /// all of them; otherwise each test set has draws of its own, and the interval is narrower.</param>
    /// <param name="settings">Null for the defaults.</param>
    /// <exception cref="IntraDistillException">No test set or run, another number of test sets, runs over different ones or metrics, test
    /// sets said to be aligned that differ in size, or fewer than 40 resamples.</exception>
    public static BootstrapComparison CompareAverages(IReadOnlyList<IReadOnlyList<SegmentStatistics>> baseline,
        IReadOnlyList<IReadOnlyList<SegmentStatistics>> system, bool aligned, BootstrapSettings? settings = null)
    {
        double[][] scores = Resample([baseline, system], aligned, settings ?? new());
        double[] differences = [.. scores[1].Zip(scores[0], Difference)];
        double baselineScore = Average(baseline), systemScore = Average(system);
        return new(Summarize(baselineScore, scores[0]), Summarize(systemScore, scores[1]),
            Summarize(Difference(systemScore, baselineScore), differences), TwoSided(differences), differences.Length);

        static double Difference(double system, double baseline) =>
            Math.Abs(system - baseline) <= Rounding * Math.Max(Math.Abs(system), Math.Abs(baseline)) ? 0 : system - baseline;

        static double Average(IReadOnlyList<IReadOnlyList<SegmentStatistics>> sets) => sets.Average(runs => runs.Average(run => run.Score));
    }

    // systems: for each its test sets, for each of these its runs.
    private static double[][] Resample(IReadOnlyList<IReadOnlyList<SegmentStatistics>>[] systems, bool aligned, BootstrapSettings settings)
    {
        SettingsCheck.AtLeast(settings.Resamples, FewestResamples, nameof(settings.Resamples));
        int[] segments = [.. Enumerable.Range(0, systems[0].Count).Select(set => SegmentsOf(systems, set))];
        if (segments.Length == 0)
            throw new IntraDistillException("no test set to resample; expected at least one");
        if (aligned && segments.Distinct().Count() > 1)
            throw new IntraDistillException(
                $"test sets of {string.Join(", ", segments.Distinct())} segments are not the same segments in several languages");

        Random random = new(settings.Seed);
        int[][] drawn = [.. segments.Select(count => new int[count])];
        double[][] scores = [.. systems.Select(_ => new double[settings.Resamples])];
        for (int resample = 0; resample < settings.Resamples; resample++)
        {
            for (int set = 0; set < drawn.Length; set++)
                if (aligned && set > 0)
                    drawn[set] = drawn[0];
                else
                    for (int i = 0; i < drawn[set].Length; i++)
                        drawn[set][i] = random.Next(drawn[set].Length);
            for (int s = 0; s < systems.Length; s++)
                scores[s][resample] = systems[s].Select((runs, set) => runs.Average(run => run.ScoreOf(drawn[set]))).Average();
        }
        return scores;
    }

    private static int SegmentsOf(IReadOnlyList<IReadOnlyList<SegmentStatistics>>[] systems, int set)
    {
        if (systems.Any(sets => sets.Count != systems[0].Count))
            throw new IntraDistillException($"{systems[0].Count} and {systems[^1].Count} test sets; expected the same ones");
        if (systems.Any(sets => sets[set].Count == 0))
            throw new IntraDistillException("no run to resample; expected at least one for each system");
        SegmentStatistics first = systems[0][set][0];
        foreach (SegmentStatistics run in systems.SelectMany(sets => sets[set]))
        {
            if (run.Count != first.Count)
                throw new IntraDistillException($"runs over {first.Count} and {run.Count} segments; expected one test set");
            if (run.Signature != first.Signature)
                throw new IntraDistillException($"runs scored with {first.Signature} and {run.Signature}; expected one metric");
        }
        return first.Count;
    }

    private static BootstrapInterval Summarize(double score, double[] resamples)
    {
        double[] sorted = [.. resamples.Order()];
        int tail = Tail(sorted.Length);
        return new(score, sorted.Average(), sorted[tail], sorted[^(tail + 1)]);
    }

    // 2.5 % on either side, as sacreBLEU takes them.
    private static int Tail(int resamples) => resamples / FewestResamples;

    private static double TwoSided(double[] differences)
    {
        int beyond = Math.Min(differences.Count(d => d <= 0), differences.Count(d => d >= 0)), tail = Tail(differences.Length);
        // The interval leaves out a whole tail, and so excludes 0 still with that many resamples beyond it; there alone, count + 1
        // would put p above 0.05. Smaller counts keep their + 1: a correction for many comparisons rests on them.
        return Math.Min(1, 2.0 * (beyond == tail ? tail : beyond + 1) / (differences.Length + 1));
    }
}
