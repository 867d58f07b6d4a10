using System.Text.Json;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>A try of a search for settings: an arm's (dropout and learning rate NaN for the study's), and the best of the metric that it
/// reached on validation text, after which update of how many.</summary>
public sealed record SearchTry(
    string Arm, int Passes, double Alpha, double Dropout, double LearningRate, double ValidBleu, long BestUpdate, long Updates)
{
    /// <summary>An arm with the settings of this try.</summary>
    public Arm Of(Arm arm) => arm with { Alpha = Alpha, Dropout = Dropout, LearningRate = LearningRate };
}

/// <summary>A round of a search for settings, counted from 1, with as many tries for each arm, on validation text alone. Kept as a JSON
/// file, so that what settings were chosen by can be shown without training anything.</summary>
public sealed record SearchRound(
    int Round, string Setting, int Seed, string? Machine, string? Commit, string Data, IReadOnlyList<SearchTry> Tries) : KitRecord
{
    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true };

    /// <summary>The rounds of a file; none if it is not there.</summary>
    /// <exception cref="IntraDistillException">The file holds something else.</exception>
    public static IReadOnlyList<SearchRound> Load(string path)
    {
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<SearchRound[]>(File.ReadAllText(path)) ?? [] : [];
        }
        catch (JsonException error)
        {
            throw new IntraDistillException($"{path}: line {error.LineNumber + 1} is no round of a search: {error.Message}", error);
        }
    }

    /// <summary>Writes a round into a file, in place of one of the same number.</summary>
    /// <returns>All rounds of the file.</returns>
    public IReadOnlyList<SearchRound> Save(string path)
    {
        SearchRound[] all = [.. Load(path).Where(one => one.Round != Round).Append(this).OrderBy(one => one.Round)];
        AtomicFile.Write(path, JsonSerializer.Serialize(all, s_readable) + "\n");
        return all;
    }

    /// <summary>The tries of an arm, the best first.</summary>
    public IReadOnlyList<SearchTry> Best(string arm) => [.. Tries.Where(one => one.Arm == arm).OrderByDescending(one => one.ValidBleu)];

    /// <summary>Makes the tries of a round, for one arm after the other. Each looks at validations only.</summary>
    /// <param name="study">Where they are stored.</param>
    /// <param name="round">Number and what else is known before; its tries are made here.</param>
    /// <param name="experiment">How a try of so many updates is trained and validated; its points, rules and patience do not count.</param>
    /// <param name="arms">The arms.</param>
    /// <param name="updates">How many updates a try of an arm has.</param>
    /// <param name="stages">What is tried of an arm, in stages, each given the best of those before (at first the arm itself).</param>
    public static async Task<SearchRound> RunAsync<TModel, TBatch>(Study study, SearchRound round,
        Func<long, Experiment<TModel, TBatch>> experiment, IReadOnlyList<Arm> arms, Func<Arm, long> updates,
        Func<Arm, Func<Arm, IEnumerable<Arm>>[]> stages)
        where TModel : nn.Module where TBatch : IBatch
    {
        var tries = new List<SearchTry>();
        foreach (Arm arm in arms)
        {
            Arm best = arm;
            long until = updates(arm);
            foreach (var stage in stages(arm))
            {
                foreach (Arm one in stage(best))
                    tries.Add(await TryAsync(study, experiment(until), one, round.Seed, until));
                best = tries.Where(one => one.Arm == arm.Name).MaxBy(one => one.ValidBleu)!.Of(arm);
            }
        }
        return round with { Tries = tries };
    }

    private static async Task<SearchTry> TryAsync<TModel, TBatch>(
        Study study, Experiment<TModel, TBatch> experiment, Arm arm, int seed, long updates)
        where TModel : nn.Module where TBatch : IBatch
    {
        StoredRun run = await study.RunAsync(experiment with
        {
            Label = $"try {arm.Dropout} {arm.Alpha} {arm.LearningRate}",
            Training = one => experiment.Training(one) with { Rules = [WeightRule.Metric], Patience = 0 },
            Points = _ => [new(StudyPoint.End, updates)], Predict = _ => [], Score = _ => [], Examine = null,
        }, arm, seed);
        run.DeleteCheckpoints();
        ValidationPoint best = TrainingLog.Validations(run).Where(point => !double.IsNaN(point.Metric)).MaxBy(point => point.Metric)
            ?? throw new IntraDistillException($"{run.Name}: no validation measured the metric; a try counts by its best");
        return new(arm.Name, arm.Passes, arm.Alpha, arm.Dropout ?? double.NaN, arm.LearningRate ?? double.NaN,
            best.Metric, best.Update, updates);
    }

    /// <summary>The tries; the metric is what they count by, as <c>Valid BLEU</c>.</summary>
    public KitTable Table(string metric)
    {
        var table = new KitTable($"Round {Round}: tries on validation text ({Setting}; seed {Seed})", new("Arm", Numeric: false),
            new("Dropout"), new("α"), new("Learning rate"), new(metric), new("at update"), new("of"));
        foreach (SearchTry one in Tries)
        {
            KitCell score = KitCell.Number(one.ValidBleu);
            table.Row(one.Arm, KitCell.Short(one.Dropout), KitCell.Short(one.Alpha), KitCell.Short(one.LearningRate),
                one == Best(one.Arm)[0] ? score.Bold() : score, KitCell.Number(one.BestUpdate, 0), KitCell.Number(one.Updates, 0));
        }
        return table.Note("Bold: the arm's best. No test text was looked at.").Note($"Commit {Commit?[..8]}, data {Data}. {Machine}.");
    }

    /// <summary>The best score that a search of n tries would be expected to find, an arm a line (Dodge et al. 2019).</summary>
    public IReadOnlyList<CurveSeries> ExpectedBestOf() => [.. Tries.GroupBy(one => one.Arm).Select(of =>
    {
        double[] best = ExpectedBest.Curve([.. of.Select(one => one.ValidBleu)]);
        return new CurveSeries(of.Key, [.. Enumerable.Range(1, best.Length).Select(n => (double)n)], best);
    })];
}
