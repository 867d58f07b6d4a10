using System.Globalization;

namespace IntraDistill.Tasks;

/// <summary>What fine-tuning on a task of zero-shot transfer depends on, besides its data.</summary>
public sealed record TransferSetting
{
    /// <summary>The folder of the checkpoint that it begins from, or its name; empty where it is yet to be pretrained.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The greatest learning rate; it falls linearly to 0.</summary>
    public required double LearningRate { get; init; }

    /// <summary>How often the English examples are gone through.</summary>
    public required int Epochs { get; init; }

    /// <summary>Over how many updates the learning rate rises.</summary>
    public int Warmup { get; init; }

    /// <summary>AdamW's weight decay.</summary>
    public double WeightDecay { get; init; }

    /// <summary>α, the weight of the divergence.</summary>
    public double Alpha { get; init; } = 1;

    /// <summary>How the divergence is taken over the positions of a part: what <see cref="Alpha"/> weighs.</summary>
    public required DivergenceReduction Reduction { get; init; }

    /// <summary>Rows, or windows, in an update.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>How many of them go through the model at once.</summary>
    public int Part { get; init; } = 32;

    /// <summary>The most ids in one of them.</summary>
    public required int MaxLength { get; init; }

    /// <summary>Of questions: how many tokens of the text later the next window begins.</summary>
    public int Stride { get; init; }

    /// <summary>Whether the vectors of word pieces stay as pretraining left them.</summary>
    public bool FixedWords { get; init; }

    /// <summary>As <c>epochs: 10, learning rate 0.00002, α = 1 (sum over positions)</c>.</summary>
    public string InWords => string.Create(CultureInfo.InvariantCulture, $"epochs: {Epochs}, learning rate {LearningRate:0.#####}, "
        + $"α = {Alpha:0.##} ({Reduction.ToString().ToLowerInvariant()} over positions)");
}

/// <summary>The runs of a task of zero-shot transfer, scored at their end, read by language. A task without dev has the rule
/// <see cref="WeightRule.Last"/>.</summary>
public sealed class TransferRuns(TransferTask task, ArmRuns runs)
{
    // Of the many lines only what they count for is kept.
    private readonly Dictionary<(Arm, WeightRule), Dictionary<string, SegmentStatistics>[]> _statistics = [];
    private readonly Dictionary<Arm, IReadOnlyDictionary<long, RunValues>> _allSeeds = [];

    /// <summary>The task.</summary>
    public TransferTask Task => task;

    /// <summary>The runs.</summary>
    public ArmRuns Runs => runs;

    /// <summary>What each language scores without a model, in the order of the task's languages; null where there is no such
    /// rule.</summary>
    public IReadOnlyList<double>? WithoutModel { get; } = task.WithoutModel is { } lines
        ? [.. task.Languages.Select(language => task.Statistics(lines(language), language).Score)] : null;

    /// <summary>A language's score by the weights of a rule, a value a seed.</summary>
    public double[] Scores(Arm arm, WeightRule rule, string language) =>
        runs.Scores(arm, StudyPoint.End, task.RuleOf(rule), $"score {language}");

    /// <summary>The mean score ("score", or of questions "exact") of all languages but English, each of which counts the same, a value a
    /// seed.</summary>
    public double[] Averages(Arm arm, WeightRule rule, string score = "score") =>
        runs.Scores(arm, StudyPoint.End, task.RuleOf(rule), of => Average(of, score));

    /// <summary>The updates whose weights a rule chose and that mean, a pair a seed; null where the rule has nothing to choose
    /// from.</summary>
    public IReadOnlyList<(string Weights, double Score)>? Chosen(Arm arm, WeightRule rule) =>
        task.RuleOf(rule) == rule ? runs.Chosen(arm, StudyPoint.End, rule, of => Average(of, "score")) : null;

    /// <summary>A language's score, mean over the seeds; by how much it is above another arm's where one is given.</summary>
    public double Mean(Arm arm, WeightRule rule, string language, Arm? over = null) =>
        Scores(arm, rule, language).Average() - (over is null ? 0 : Scores(over, rule, language).Average());

    /// <summary>A language's predictions by the weights of a rule as <see cref="Bootstrap"/> takes them, a seed each.</summary>
    public SegmentStatistics[] Statistics(Arm arm, WeightRule rule, string language)
    {
        rule = task.RuleOf(rule);
        if (!_statistics.TryGetValue((arm, rule), out var bySeed))
            bySeed = _statistics[(arm, rule)] = [.. runs.Seeds.Select(seed => runs.Scored(arm, StudyPoint.End, rule, seed).Hypotheses)
                .Select(lines => task.Languages.ToDictionary(one => one, one => task.Statistics(task.LinesOf(lines, one), one)))];
        return [.. bySeed.Select(of => of[language])];
    }

    /// <summary>What one arm gains over another on average over all languages but English, over texts and over seeds.</summary>
    public (BootstrapComparison Texts, PairedDifference? Seeds) Compare(Arm other, Arm arm, WeightRule rule, BootstrapSettings resampling)
    {
        return (Bootstrap.CompareAverages(Of(other), Of(arm), task.Aligned, resampling),
            PairedDifference.Of(Averages(other, rule), Averages(arm, rule)));

        SegmentStatistics[][] Of(Arm one) => [.. task.Foreign.Select(language => Statistics(one, rule, language))];
    }

    /// <summary>A language's score by seed, of all runs of the study that differ from an arm's in nothing but the seed; empty where the
    /// language is not tested.</summary>
    public IReadOnlyDictionary<long, double> AllSeeds(Arm arm, WeightRule rule, string language)
    {
        if (!task.Languages.Contains(language))
            return new Dictionary<long, double>();
        if (!_allSeeds.TryGetValue(arm, out var scores))
            scores = _allSeeds[arm] = runs.AllSeeds(arm, StudyPoint.End, task.RuleOf(rule));
        return scores.ToDictionary(one => one.Key, one => one.Value[$"score {language}"].Number);
    }

    /// <summary>What tasks score in English and on average in the other languages: without a model, and by each arm as mean ± standard
    /// deviation and by seed; of questions exact matches, too.</summary>
    public static KitTable Table(string title, IEnumerable<TransferRuns> tasks, WeightRule rule)
    {
        const string others = "Other languages";
        var table = new KitTable(title, new("Task", Numeric: false), new("Arm", Numeric: false), new("F1", "English"),
            new("each seed", "English"), new("F1", others), new("each seed", others), new("EM", others));
        foreach (TransferRuns of in tasks)
        {
            if (of.WithoutModel is { } without)
                table.Row(of.Task.Name, "Without a model", KitCell.Number(without[0]), "–", KitCell.Number(without.Skip(1).Average()),
                    "–", "–");
            foreach (Arm arm in of.Runs.Arms)
            {
                KitCell[] average = ArmRuns.Cells(of.Averages(arm, rule));
                table.Row([of.Task.Name, arm.Name, .. ArmRuns.Cells(of.Scores(arm, rule, "en")), average[0].Bold(), average[1],
                    of.Task.HasExact ? ArmRuns.Cells(of.Averages(arm, rule, "exact"))[0] : "–"]);
            }
        }
        return table;
    }

    private double Average(RunValues scores, string score) => task.Foreign.Average(language => scores[$"{score} {language}"].Number);
}
