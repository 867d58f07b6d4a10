using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public class SensitivityTests
{
    /// <summary>y = w·x + b without b ever mattering: gradients are known by hand.</summary>
    private static Linear Model(float w0, float w1)
    {
        Linear model = nn.Linear(2, 1);
        using (no_grad())
        {
            model.weight!.copy_(tensor(new[] { w0, w1 }).reshape(1, 2));
            model.bias!.zero_();
        }
        return model;
    }

    [Fact]
    public void Probe_averages_the_absolute_product_of_weight_and_gradient()
    {
        using var scope = NewDisposeScope();
        Linear model = Model(2, -3);
        Tensor[] batches = [tensor(new float[] { 1, 10 }), tensor(new float[] { -3, 20 })];

        ParameterSensitivity plain = SensitivityProbe.Measure(model, batches, x => model.forward(x).sum());
        Assert.Equal(["weight", "bias"], plain.Parameters.Select(p => p.Name));
        Assert.Equal([2 * (1 + 3) / 2f, 3 * (10 + 20) / 2f], plain.Parameters[0].Values);
        Assert.Equal([0f], plain.Parameters[1].Values);

        // Losses are 2·1 − 3·10 = −28 and 2·(−3) − 3·20 = −66.
        ParameterSensitivity normalized = SensitivityProbe.Measure(model, batches, x => model.forward(x).sum(), divideByLoss: true);
        Assert.Equal((2 * 1 / 28f + 2 * 3 / 66f) / 2, normalized.Parameters[0].Values[0], 1e-6f);
        Assert.True(model.weight!.grad is null || model.weight.grad.abs().sum().item<float>() == 0);
    }

    [Fact]
    public void Probe_predicts_to_first_order_what_pruning_a_parameter_costs()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        var model = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1));
        using (no_grad())
            foreach (Parameter parameter in model.parameters())
                parameter.mul_(1e-2);
        Tensor x = randn(32, 6), y = randn(32, 1);
        Tensor Loss(Tensor input) => (model.forward(input) - y).square().mean();
        ParameterSensitivity sensitivity = SensitivityProbe.Measure(model, [x], Loss);
        double full = Loss(x).item<float>();
        int most = Array.IndexOf(sensitivity.Parameters[2].Values, sensitivity.Parameters[2].Values.Max());
        float weight = model.parameters().ElementAt(2)[0, most].item<float>();
        using (no_grad())
            model.parameters().ElementAt(2)[0, most] = 0f;
        Assert.NotEqual(0, weight);
        double change = Math.Abs(Loss(x).item<float>() - full);
        Assert.InRange(change / sensitivity.Parameters[2].Values[most], 0.8, 1.2);
    }

    [Fact]
    public void Distribution_measures_agree_with_values_worked_out_by_hand()
    {
        var distribution = new SensitivityDistribution([.. Enumerable.Range(1, 20).Select(i => (float)i)]);
        Assert.Equal(10.5, distribution.Mean);
        Assert.Equal(Math.Sqrt((20 * 20 - 1) / 12.0), distribution.StandardDeviation, 12);
        Assert.Equal(0.316666666666667, distribution.Gini, 12);                 // (n − 1) / 3n for the numbers 1 to n
        Assert.Equal(19.5 / 1.5, distribution.TopBottomRatio, 12);
        Assert.Equal(10.5, distribution.Quantile(0.5));
        Assert.Equal(18.1 / 2.9, distribution.QuantileRatio, 12);
        Assert.Equal((20, 20, 0, 0), (distribution.Count, distribution.Reached, distribution.Zeros, distribution.ZeroFraction));

        (double[] x, double[] y) = new SensitivityDistribution([1, 1, 2, 4]).Lorenz(4);
        Assert.Equal([0, 0.25, 0.5, 0.75, 1], x);
        Assert.Equal([0, 0.125, 0.25, 0.5, 1], y);
        Assert.Equal(0, new SensitivityDistribution([3, 3, 3]).Gini, 12);
    }

    [Fact]
    public void Exact_zeros_are_counted_and_in_no_measure()
    {
        float[] powers = [2e-3f, 2e-2f, 2e-1f, 2];
        SensitivityDistribution with = new([0, .. powers, 0]), without = new(powers);
        Assert.Equal((6, 4, 2, 2 / 6.0), (with.Count, with.Reached, with.Zeros, with.ZeroFraction));
        Assert.Equal(Measures(without), Measures(with));
        Assert.Equal(Math.Sqrt(1.25), with.LogStandardDeviation, 6);
        (double[] edges, double[] parts) = with.Histogram(-4, 0, 1);
        Assert.Equal([-4, -3, -2, -1, 0], edges);
        Assert.Equal([0, 0.25, 0.25, 0.5], parts);                             // 2 is past the last edge, in the last bin
        Assert.Equal(1, parts.Sum(), 12);
        Assert.Equal(1, new SensitivityDistribution([0, 1e-9f, 1e9f]).Histogram(-4, 0).Parts.Sum(), 12);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 99)]
    [InlineData(9, 1)]
    [InlineData(11, 1000)]
    public void One_reached_parameter_makes_every_measure_finite(int reached, int zeros)
    {
        float[] extremes = [float.Epsilon, float.MaxValue, 1];
        SensitivityDistribution distribution = new(
            [.. Enumerable.Range(0, reached).Select(i => extremes[i % 3]), .. Enumerable.Repeat(0f, zeros)]);
        Assert.All(Measures(distribution), measure => Assert.True(double.IsFinite(measure)));
        Assert.Equal(zeros, distribution.Zeros);
    }

    [Fact]
    public void Where_nothing_is_reached_no_measure_claims_balance()
    {
        var nothing = new SensitivityDistribution([0, 0]);
        Assert.All(Measures(nothing), measure => Assert.Equal(double.NaN, measure));
        Assert.Equal((2, 0, 1.0), (nothing.Count, nothing.Reached, nothing.ZeroFraction));
        Assert.All(nothing.Histogram(-2, 0, 1).Parts, part => Assert.Equal(0, part));

        var sensitivity = new ParameterSensitivity([Measured("encoder.weight", 1, 2), Measured("unused.weight", 0, 0)]);
        Assert.Equal([0.0, 1.0], sensitivity.ByModule().Select(part => part.Distribution.ZeroFraction));
    }

    /// <summary>Every number that tells a spread; the curves by their sums.</summary>
    private static double[] Measures(SensitivityDistribution d) =>
    [
        d.Mean, d.StandardDeviation, d.CoefficientOfVariation, d.Gini, d.TopBottomRatio, d.QuantileRatio, d.LogStandardDeviation,
        d.Quantile(0), d.Quantile(0.5), d.Quantile(1), d.Lorenz(7).Sensitivity.Sum(),
    ];

    private static MeasuredParameter Measured(string name, params float[] values) => new(name, [values.Length], values);

    [Fact]
    public void Zeros_are_told_apart_by_rows_columns_and_weights()
    {
        bool[] paddingRow = [true, true, true, false, false, false, false, false, false, false, false, true];
        ParameterZeros[] zeros = [.. new ParameterSensitivity([
            new("embedding", [4, 3], [0, 0, 0, 0, 0, 0, 1, 2, 3, 1, 0, 0], paddingRow),   // padding, never met, met, one 0 and one weight 0
            new("outer", [2, 3], [1, 0, 2, 3, 0, 4]),                                     // behind a dead unit
            new("both", [2, 2], [0, 0, 0, 5]),
            new("bias", [3], [1, 0, 2]),
            new("whole", [2, 2], [0, 0, 0, 0]),
            new("scalar", [], [0]),
            new("reached", [1, 2], [1, 2]),
        ]).Zeros];
        Assert.Equal([
            new("embedding", ZeroWeights: 4, InRows: 3, InColumns: 0, Elsewhere: 1),
            new("outer", 0, 0, InColumns: 2, 0),
            new("both", 0, InRows: 2, InColumns: 1, 0),
            new("bias", 0, InRows: 1, 0, 0),
            new("whole", 0, InRows: 4, 0, 0),
            new("scalar", 0, InRows: 1, 0, 0),
        ], zeros);
        Assert.Equal([8, 2, 3, 1, 4, 1], zeros.Select(z => z.Count));
    }

    /// <summary>
    /// The paper's kind of model (separate embeddings, post-norm, ReLU), small, with one dead unit in each feed-forward
    /// block, and text that leaves a fifth of the vocabulary out.
    /// </summary>
    private sealed class PaperShaped
    {
        private const int Vocabulary = 120, Size = 16, Pad = 0, Bos = 1, DeadUnit = 5;
        private readonly Tensor _source = randint(4, 96, [12, 30], int64), _target = randint(4, 96, [12, 30], int64), _input;

        public PaperShaped()
        {
            _source[0, 20..] = Pad;
            _input = cat([full([12, 1], Bos, int64), _target[.., ..^1]], 1);
            Model = new TranslationTransformer(TransformerSettings.IwsltDeEn with
            {
                EncoderLayers = 1, DecoderLayers = 1, ModelSize = Size, FeedForwardSize = 32,
                SourceVocabulary = Vocabulary, TargetVocabulary = Vocabulary, PadId = Pad,
            });
            Model.eval();
            using (no_grad())
                foreach (string stack in (string[])["encoder", "decoder"])
                    this[$"{stack}.layers.0.feed_forward.inner.bias"][DeadUnit] = -1000f;
            Sensitivity = SensitivityProbe.Measure(Model, [0], _ => LossTensor());
        }

        public TranslationTransformer Model { get; }

        public ParameterSensitivity Sensitivity { get; }

        public Parameter this[string name] => Model.get_parameter(name)!;

        public float[] Weights => [.. Sensitivity.Parameters.SelectMany(p => this[p.Name].data<float>())];

        public float[] Values => [.. Sensitivity.Parameters.SelectMany(p => p.Values)];

        public long UnusedInSource => Unused(_source);

        public long UnusedInTarget => Unused(_input);

        public double Loss()
        {
            using var noGrad = no_grad();
            return LossTensor().item<float>();
        }

        /// <summary>The loss with some scalars set to zero by hand.</summary>
        public double LossWithout(Func<int, bool> gone)
        {
            using var noGrad = no_grad();
            int at = 0;
            List<(Tensor Parameter, Tensor Kept)> before = [];
            foreach (MeasuredParameter measured in Sensitivity.Parameters)
            {
                before.Add((this[measured.Name], this[measured.Name].clone()));
                float[] weights = [.. this[measured.Name].data<float>().Select(w => gone(at++) ? 0 : w)];
                this[measured.Name].copy_(tensor(weights).reshape(measured.Shape));
            }
            double loss = Loss();
            foreach ((Tensor parameter, Tensor kept) in before)
                parameter.copy_(kept);
            return loss;
        }

        private Tensor LossTensor() => F.cross_entropy(Model.forward(_source, _input).flatten(0, 1), _target.flatten());

        // The padding row is not counted: its weights are 0 themselves.
        private static long Unused(Tensor ids) => Vocabulary - 1 - ids.data<long>().Where(id => id != Pad).Distinct().Count();
    }

    [Fact]
    public void Unused_subwords_and_dead_units_of_a_paper_shaped_model_are_counted_exactly()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var paper = new PaperShaped();
        Assert.InRange(paper.UnusedInSource, 24, 36);                          // 20 % to 30 % of the vocabulary
        Assert.InRange(paper.UnusedInTarget, 24, 36);
        Dictionary<string, ParameterZeros> zeros = paper.Sensitivity.Zeros.ToDictionary(z => z.Name);
        Assert.Equal(new("source_embedding.weight", ZeroWeights: 16, paper.UnusedInSource * 16, 0, 0),
            zeros["source_embedding.weight"]);
        Assert.Equal(new("target_embedding.weight", ZeroWeights: 16, paper.UnusedInTarget * 16, 0, 0),
            zeros["target_embedding.weight"]);
        Assert.DoesNotContain("output_projection.weight", zeros.Keys);        // every subword is a wrong answer somewhere
        foreach (string block in (string[])["encoder.layers.0.feed_forward", "decoder.layers.0.feed_forward"])
        {
            Assert.Equal(16, zeros[$"{block}.inner.weight"].InRows);
            Assert.Equal(1, zeros[$"{block}.inner.bias"].InRows);
            Assert.Equal(16, zeros[$"{block}.outer.weight"].InColumns);
        }

        SensitivityDistribution distribution = paper.Sensitivity.Distribution;
        Assert.Equal(distribution.Zeros, paper.Sensitivity.Zeros.Sum(z => z.Count));
        Assert.True(distribution.ZeroFraction > 0.1);                          // all of the bottom decile, were they in it
        Assert.All(Measures(distribution), measure => Assert.True(double.IsFinite(measure)));
        Assert.True(distribution.TopBottomRatio > distribution.QuantileRatio);
    }

    [Fact]
    public void Pruning_a_tenth_prunes_a_tenth_of_the_reached()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var paper = new PaperShaped();
        float[] weights = paper.Weights, values = paper.Values;
        double loss = paper.Loss();
        int[] reached = [.. Enumerable.Range(0, values.Length).Where(i => values[i] > 0).OrderBy(i => values[i])];
        HashSet<int> tenth = [.. reached[..(int)Math.Round(reached.Length / 10.0)]];

        double expected = paper.LossWithout(tenth.Contains);
        Assert.NotEqual(loss, expected);
        Assert.Equal(loss, paper.LossWithout(i => values[i] == 0), 5);         // zeros cost nothing on the probe's text
        using (PrunedWeights pruned = Pruning.Prune(paper.Model, paper.Sensitivity, 0.1))
        {
            Assert.Equal(tenth.Count, pruned.Count);
            Assert.Equal(weights.Select((w, i) => tenth.Contains(i) ? 0 : w), paper.Weights);
            Assert.Equal(expected, paper.Loss());
        }
        using (PrunedWeights pruned = Pruning.Prune(paper.Model, paper.Sensitivity, 1, PruningOrder.MostSensitive))
        {
            Assert.Equal(reached.Length, pruned.Count);
            Assert.Equal(weights.Select((w, i) => values[i] > 0 ? 0 : w), paper.Weights);   // zeros stay
        }
        Assert.Equal(weights, paper.Weights);
        Assert.Equal(loss, paper.Loss());
    }

    [Theory]
    [InlineData(PruningOrder.LeastSensitive, new float[] { 0, 0, 3, 4 })]
    [InlineData(PruningOrder.MostSensitive, new float[] { 1, 2, 0, 0 })]
    public void Pruning_zeroes_the_right_half_and_restores_it(PruningOrder order, float[] expected)
    {
        using var scope = NewDisposeScope();
        Linear model = nn.Linear(4, 1, hasBias: false);
        using (no_grad())
            model.weight!.copy_(tensor(new float[] { 1, 2, 3, 4 }).reshape(1, 4));
        var sensitivity = new ParameterSensitivity([new("weight", [1, 4], [0.1f, 0.1f, 0.2f, 5f])]);

        using (PrunedWeights pruned = Pruning.Prune(model, sensitivity, 0.5, order))
        {
            Assert.Equal(2, pruned.Count);
            Assert.Equal(expected, model.weight!.data<float>().ToArray());
        }
        Assert.Equal([1, 2, 3, 4], model.weight!.data<float>().ToArray());
        using (Pruning.Prune(model, sensitivity, 0))
            Assert.Equal([1, 2, 3, 4], model.weight!.data<float>().ToArray());
        using (Pruning.Prune(model, sensitivity, 1))
            Assert.Equal([0, 0, 0, 0], model.weight!.data<float>().ToArray());
    }

    [Fact]
    public void Prunings_of_one_module_are_undone_in_reverse_order_only()
    {
        using var scope = NewDisposeScope();
        Linear model = Model(2, 3);
        var sensitivity = new ParameterSensitivity([new("weight", [1, 2], [1, 2])]);
        PrunedWeights first = Pruning.Prune(model, sensitivity, 0.5), second = Pruning.Prune(model, sensitivity, 1);
        Assert.Contains("the later one first", Assert.Throws<IntraDistillException>(first.Dispose).Message);
        Assert.Equal([0, 0], model.weight!.data<float>().ToArray());
        using (Pruning.Prune(Model(4, 5), sensitivity, 1))                      // another module is no matter
            second.Dispose();
        Assert.Equal([0, 3], model.weight!.data<float>().ToArray());
        first.Dispose();
        second.Dispose();
        Assert.Equal([2, 3], model.weight!.data<float>().ToArray());
    }

    [Fact]
    public void Sensitivities_are_read_back_from_a_file_as_they_were_and_another_file_is_refused_by_name()
    {
        using var scope = NewDisposeScope();
        string folder = Directory.CreateTempSubdirectory("intradistill-sensitivity-").FullName, path = Path.Combine(folder, "s.safetensors");
        try
        {
            Linear model = Model(0, -3);
            ParameterSensitivity measured = SensitivityProbe.Measure(model, [tensor(new[] { 0.1f, 10 })], x => model.forward(x).sum());
            measured.Save(path);
            ParameterSensitivity read = ParameterSensitivity.Load(path);
            Assert.Equal(measured.Parameters.Select(p => (p.Name, string.Join(' ', p.Shape))),
                read.Parameters.Select(p => (p.Name, string.Join(' ', p.Shape))));
            Assert.Equal(measured.Parameters.Select(p => p.Values), read.Parameters.Select(p => p.Values));
            Assert.Equal([[true, false], [true]], read.Parameters.Select(p => p.WeightIsZero!));
            Assert.Equal(measured.Zeros, read.Zeros);
            new ParameterSensitivity([new("scale", [], [2])]).Save(path);
            Assert.Equal((0, 2f, null), ParameterSensitivity.Load(path).Parameters.Select(p => (p.Shape.Length, p.Values[0], p.WeightIsZero)).Single());

            // The weights themselves are no sensitivities, nor is what is left of a file.
            SafetensorsFile.Write(path, [("weight", model.weight!)]);
            Assert.StartsWith($"{path}: holds something else than sensitivities: the sensitivity of weight[1] is -3", Refused());
            SafetensorsFile.Write(path, [("weight", model.weight!.to(float64))]);
            Assert.Equal($"{path}: tensor 'weight': has elements of type Float64; expected Float32", Refused());
            File.WriteAllBytes(path, File.ReadAllBytes(path)[..^1]);
            Assert.StartsWith(path, Refused());
            File.Delete(path);
            Assert.StartsWith($"{path}: cannot be read", Refused());
            string Refused() => Assert.Throws<IntraDistillException>(() => ParameterSensitivity.Load(path)).Message;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Modules_are_told_apart_by_name()
    {
        var sensitivity = new ParameterSensitivity(
            [Measured("encoder.0.weight", 1, 1), Measured("encoder.1.weight", 3), Measured("decoder.0.weight", 7)]);
        Assert.Equal(["encoder", "decoder"], sensitivity.ByModule().Select(m => m.Module));
        Assert.Equal([3, 1], sensitivity.ByModule().Select(m => m.Distribution.Count));
        Assert.Equal(3, sensitivity.ByModule(2).Count);
    }

    [Fact]
    public void Bad_input_is_named()
    {
        using var scope = NewDisposeScope();
        Linear model = Model(1, 1);
        Assert.Contains("no batch", Error(() => SensitivityProbe.Measure(model, Array.Empty<Tensor>(), x => x)));
        Assert.Contains("batch 1", Error(() => SensitivityProbe.Measure(model, [zeros(2)], x => model.forward(x).sum() / 0)));
        Assert.Contains("weight[1]", Error(() => new ParameterSensitivity([Measured("weight", 1, float.NaN)])));
        Assert.Contains("(2, 2)", Error(() => new ParameterSensitivity([new("weight", [2, 2], [1, 2, 3])])));
        Assert.Contains("(1)", Error(() => new ParameterSensitivity([new("weight", [1], [1], [true, false])])));
        Assert.Contains("no such parameter", Error(() => Pruning.Prune(model, new([Measured("other", 1)]), 0.5)));
        Assert.Contains("has 2", Error(() => Pruning.Prune(model, new([Measured("weight", 1, 2, 3)]), 0.5)));

        Assert.Contains("batch 1 has 2 values", Error(() => SensitivityProbe.Measure(model, [zeros(2, 2)], model.forward)));
        Assert.Contains("no gradient", Error(() => SensitivityProbe.Measure(model, [zeros(2)], x => x.sum())));
        foreach (Parameter parameter in model.parameters())
            parameter.requires_grad = false;
        Assert.Contains("frozen", Error(() => SensitivityProbe.Measure(model, [zeros(2)], x => model.forward(x).sum())));

        static string Error(Action action) => Assert.Throws<IntraDistillException>(action).Message;
    }
}
