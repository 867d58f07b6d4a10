using System.Security.Cryptography;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill;

/// <summary>What was measured of a model at a point of its run, with the weights that a rule chose there: its parameters' sensitivity and
/// scores, read back from the run's folder. An <see cref="Experiment{TModel, TBatch}.Examine"/> puts it there.</summary>
public sealed record Examination(string Name, StoredRun Run, ScoredWeights At, ParameterSensitivity Sensitivity) : KitRecord
{
    /// <summary>The run's seed.</summary>
    public int Seed => (int)Run.Config.Seed;

    /// <summary>The distribution of |θ · ∂L/∂θ|.</summary>
    public SensitivityDistribution Distribution => Sensitivity.Distribution;

    /// <summary>A score by its name.</summary>
    public double this[string score] => At.Scores[score].Number;

    /// <summary>The first 12 digits of the SHA-256 of the weights examined: for the config of what is made from them.</summary>
    public string WeightsFingerprint => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(WeightsFile(Run, At.Point.Name))))[..12];

    /// <summary>The measures of spread, over the parameters reached: the paper's standard deviation, per loss too (a score
    /// <c>std_per_loss</c>), and five that do not depend on the loss's scale.</summary>
    public static IReadOnlyList<Measure<Examination>> Spread { get; } =
    [
        new("Std (1e-6)", 1, of => 1e6 * of.Distribution.StandardDeviation), new("Std per loss (1e-6)", 1, of => 1e6 * of["std_per_loss"]),
        new("Std / mean", 2, of => of.Distribution.CoefficientOfVariation), new("Gini", 3, of => of.Distribution.Gini),
        new("Top / bottom 10 %", 0, of => of.Distribution.TopBottomRatio), new("p90 / p10", 1, of => of.Distribution.QuantileRatio),
        new("log10 std", 3, of => of.Distribution.LogStandardDeviation),
    ];

    /// <summary>The histogram of the sensitivities above 0 on a log axis, from 1e-12 to 1e-2.</summary>
    public HistogramSeries Histogram()
    {
        var (edges, parts) = Distribution.Histogram(-12, -2, binsPerDecade: 6);
        return new(Name, edges, parts);
    }

    /// <summary>The quantiles at 1 to 99 per cent.</summary>
    public CurveSeries Quantiles() => CurveSeries.Of(Name, 0.01, 0.99, Distribution.Quantile, points: 99);

    /// <summary>The Lorenz curve: how much the less sensitive hold together.</summary>
    public CurveSeries Lorenz()
    {
        var (parameters, held) = Distribution.Lorenz();
        return new(Name, parameters, held);
    }

    /// <summary>Stores sensitivity and weights of a model in its run's folder.</summary>
    public static void Write(nn.Module model, StoredRun run, StudyPoint point, ParameterSensitivity sensitivity)
    {
        sensitivity.Save(SensitivityFile(run, point.Name));
        SafetensorsFile.Write(WeightsFile(run, point.Name), [.. model.named_parameters().Select(one => (one.name, (Tensor)one.parameter))]);
    }

    /// <summary>Reads what <see cref="Write"/> stored, and the scores of the weights that a rule chose.</summary>
    /// <exception cref="IntraDistillException">The run has no such point or rule, or a file is damaged; it is named.</exception>
    public static Examination Read(string name, StoredRun run, string point, WeightRule rule) =>
        new(name, run, Study.Read(run, point, rule), ParameterSensitivity.Load(SensitivityFile(run, point)));

    /// <summary>Copies the weights examined into a model of the same shape, in evaluation mode from then on.</summary>
    /// <returns>The model.</returns>
    public TModel LoadInto<TModel>(TModel model) where TModel : nn.Module
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(WeightsFile(Run, At.Point.Name));
        foreach (var (name, parameter) in model.named_parameters())
            parameter.copy_(file.Read(name));
        model.eval();
        return model;
    }

    /// <summary>Which weights were examined, and which the lowest loss would have chosen of those so far.</summary>
    public static KitTable WeightsTable(string title, string metric, IEnumerable<Examination> of)
    {
        var table = new KitTable(title, new("Model", Numeric: false), new("Seed"), new("Updates made"),
            new("Rule", "Examined", Numeric: false), new("Weights of update", "Examined"), new($"Best valid {metric}"),
            new("Lowest valid loss at update"));
        foreach (Examination one in of)
        {
            double best = TrainingLog.Validations(one.Run).Where(at => at.Update <= one.At.Point.Update && !double.IsNaN(at.Metric))
                .Max(at => at.Metric);
            table.Row(one.Name, $"{one.Seed}", KitCell.Number(one.At.Point.Update, 0), $"{one.At.Rule}", one.At.Weights,
                KitCell.Number(best, 1), Study.Read(one.Run, one.At.Point.Name, WeightRule.Loss).Weights);
        }
        return table;
    }

    /// <summary>A measure of each part of the network, the mean over a model's examinations by seed.</summary>
    public static KitTable ByModule(string title, IReadOnlyList<(string Name, IReadOnlyList<Examination> Of)> models,
        Func<SensitivityDistribution, double> measure, int decimals)
    {
        var table = new KitTable(title,
            [new("Part", Numeric: false), new("Parameters"), .. models.Select(model => new KitColumn(model.Name))]);
        // By model, by seed.
        var parts = models.Select(model => model.Of.Select(one => one.Sensitivity.ByModule(2)).ToArray()).ToArray();
        foreach (var (part, i) in parts[0][0].Select((part, i) => (part, i)))
            table.Row([part.Module, KitCell.Number(part.Distribution.Count, 0),
                .. parts.Select(of => KitCell.Number(of.Average(one => measure(one[i].Distribution)), decimals))]);
        return table;
    }

    private static string SensitivityFile(StoredRun run, string point) => Path.Combine(run.Folder, $"sensitivity.{point}.safetensors");

    private static string WeightsFile(StoredRun run, string point) => Path.Combine(run.Folder, $"weights.{point}.safetensors");
}

/// <summary>A number that is read off something, with its name (and the unit where it has one) and how many decimals are shown.</summary>
public sealed record Measure<T>(string Name, int Decimals, Func<T, double> Value)
{
    /// <summary>What measures became from one thing to the next, as <c>Std 96.1 → 90.2, Test NLL 3.073 → 3.077</c>.</summary>
    public static string Changes(T before, T after, IEnumerable<Measure<T>> measures) => string.Join(", ", measures.Select(measure =>
        $"{measure.Name} {measure.Text(before)} → {measure.Text(after)}"));

    /// <summary>A measure a row, a model a column: mean ± standard deviation over what it has (its seeds), or each of them.</summary>
    public static KitTable Table(string title, IEnumerable<Measure<T>> measures,
        IReadOnlyList<(string Name, IReadOnlyList<T> Of)> models, bool each = false)
    {
        var table = new KitTable(title, [new("Measure", Numeric: false), .. models.Select(model => new KitColumn(model.Name))]);
        foreach (Measure<T> measure in measures)
            table.Row([measure.Name, .. models.Select(model => each ? string.Join(" · ", model.Of.Select(measure.Text))
                : SampleSummary.Of([.. model.Of.Select(measure.Value)]).Format(measure.Decimals))]);
        return table;
    }

    private string Text(T of) => Value(of).ToString($"F{Decimals}", System.Globalization.CultureInfo.InvariantCulture);
}
