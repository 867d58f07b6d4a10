using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>What is measured of a model at a point of its run, stored there and read back.</summary>
[Collection("torch-rng")]
public sealed class ExaminationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("intradistill-examination-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Sensitivity_weights_and_scores_come_back_from_the_run()
    {
        var arm = new Arm("Baseline", 1, LearningRate: 1e-2);
        var batches = new ToySource().Epoch(0).Take(3).ToArray();
        Tensor Loss(ToyModel model, ToyBatch batch) => nn.functional.cross_entropy(model.forward(tensor(batch.Inputs)), tensor(batch.Labels));
        string hash = "";
        var curve = new List<(double, double)>();
        var experiment = new Experiment<ToyModel, ToyBatch>
        {
            Settings = (_, _) => new { data = "abc" },
            Training = _ => new() { LearningRate = 1e-2, WarmupSteps = 5, ValidateEvery = 10, Rules = [WeightRule.Loss] },
            Points = _ => [new("a", 10), new("b", 20)],
            Model = _ => new ToyModel(seed: 1),
            Batches = seed => new ToySource(seed: seed),
            Step = (_, model) => (batch, _) => model.Loss(batch),
            Validate = (model, update) => new(Metric: update, Loss: 30 - update),
            Predict = model => [model.Hash()],
            Score = _ => [],
            Examine = (model, run, point) =>
            {
                hash = model.Hash();
                ParameterSensitivity sensitivity = SensitivityProbe.Measure(model, batches, batch => Loss(model, batch));
                Examination.Write(model, run, point, sensitivity);
                curve = [.. Pruning.Curve(model, sensitivity, [0, 50, 100], PruningOrder.LeastSensitive, () => Loss(model, batches[0]).ToDouble())];
                Assert.Equal(hash, model.Hash());       // what was cut is back
                return [("nll", curve[0].Item2)];
            },
        };
        StoredRun stored = await Study.Open("study", "toy", CPU, float32, _folder).RunAsync(experiment, arm, 1);
        Examination read = Examination.Read("a model", stored, "b", WeightRule.Loss);
        Assert.Equal((1, "20", curve[0].Item2), (read.Seed, read.At.Weights, read["nll"]));
        Assert.Equal([0, 50, 100], curve.Select(one => one.Item1));
        Assert.Equal(3, curve.Select(one => one.Item2).Distinct().Count());
        Assert.Equal(hash, read.LoadInto(new ToyModel(seed: 2)).Hash());
        Assert.Matches("^[0-9a-f]{12}$", read.WeightsFingerprint);
        Assert.NotEqual(read.WeightsFingerprint, Examination.Read("a model", stored, "a", WeightRule.Loss).WeightsFingerprint);

        SensitivityDistribution distribution = read.Distribution;
        Assert.Equal(99, read.Quantiles().Y.Count);
        Assert.Equal(distribution.Quantile(0.5), read.Quantiles().Y[49], 12);
        Assert.Equal(read.Name, read.Lorenz().Name);
        Assert.Equal(1, read.Histogram().Heights.Sum(), 6);
        Assert.Equal([1e6 * distribution.StandardDeviation, distribution.CoefficientOfVariation, distribution.Gini],
            new[] { 0, 2, 3 }.Select(i => Examination.Spread[i].Value(read)));

        string weights = Examination.WeightsTable("Weights", "BLEU", [read]).ToString();
        Assert.Matches(@"a model +1 +20 +Loss +20 +20\.0 +20$", weights);
        string parts = Examination.ByModule("Parts", [("a model", [read, read])], part => part.Count, 0).ToString();
        Assert.Contains("hidden", parts, StringComparison.Ordinal);
    }

    [Fact]
    public void Measures_stand_in_rows_and_models_in_columns()
    {
        Measure<double[]> first = new("First", 1, of => of[0]), last = new("Last", 3, of => of[^1]);
        (string, IReadOnlyList<double[]>)[] models = [("a", [[1, 2], [3, 4]]), ("b", [[5, 6], [5, 8]])];
        Assert.Matches(@"First +2\.0 ± 1\.4 +5\.0 ± 0\.0\nLast +3\.000 ± 1\.414 +7\.000 ± 1\.414$",
            Measure<double[]>.Table("Measures", [first, last], models).ToString());
        Assert.Matches(@"First +1\.0 · 3\.0 +5\.0 · 5\.0\nLast +2\.000 · 4\.000 +6\.000 · 8\.000$",
            Measure<double[]>.Table("Each", [first, last], models, each: true).ToString());
        Assert.Equal("First 1.0 → 5.0, Last 2.000 → 6.000", Measure<double[]>.Changes([1, 2], [5, 6], [first, last]));

        var claims = new Claims("b", ("a", "the other"));
        claims.Add("Larger", smaller: false, name => models.First(model => model.Item1 == name).Item2, first, last);
        Assert.Equal(2, claims.Outcomes.Count());
        Assert.Matches(@"Larger +First +2\.0 +5\.0 +2 of 2 seeds\n +Last +3\.000 +7\.000 +2 of 2 seeds", claims.Table("Claims", ["a", "b"]).ToString());
    }
}
