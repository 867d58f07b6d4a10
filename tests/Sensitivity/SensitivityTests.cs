using IntraDistill.Sensitivity;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace IntraDistill.Tests.SensitivityTests;

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
        Assert.Equal(0, distribution.ZeroFraction);

        var powers = new SensitivityDistribution([0, 0, 1e-3f, 1e-2f, 1e-1f, 1]);
        Assert.Equal(2 / 6.0, powers.ZeroFraction, 12);
        Assert.Equal(Math.Sqrt(1.25), powers.LogStandardDeviation, 6);
        (double[] edges, double[] parts) = powers.Histogram(-4, 0, 1);
        Assert.Equal([-4, -3, -2, -1, 0], edges);
        Assert.Equal(1, parts.Sum(), 12);
        Assert.Equal(2 / 6.0, parts[0], 12);

        (double[] x, double[] y) = new SensitivityDistribution([1, 1, 2, 4]).Lorenz(4);
        Assert.Equal([0, 0.25, 0.5, 0.75, 1], x);
        Assert.Equal([0, 0.125, 0.25, 0.5, 1], y);
        Assert.Equal(0, new SensitivityDistribution([3, 3, 3]).Gini, 12);
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
        var sensitivity = new ParameterSensitivity([("weight", [0.1f, 0.1f, 0.2f, 5f])]);

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
    public void Modules_are_told_apart_by_name()
    {
        var sensitivity = new ParameterSensitivity([("encoder.0.weight", [1, 1]), ("encoder.1.weight", [3]), ("decoder.0.weight", [7])]);
        Assert.Equal(["encoder", "decoder"], sensitivity.ByModule().Select(m => m.Module));
        Assert.Equal([3, 1], sensitivity.ByModule().Select(m => m.Distribution.Count));
        Assert.Equal(3, sensitivity.ByModule(2).Count);
    }

    [Fact]
    public void Bad_input_is_named()
    {
        using var scope = NewDisposeScope();
        Linear model = Model(1, 1);
        Assert.Contains("no batch", Assert.Throws<IntraDistillException>(() => SensitivityProbe.Measure(model, Array.Empty<Tensor>(), x => x)).Message);
        Assert.Contains("batch 1", Assert.Throws<IntraDistillException>(() => SensitivityProbe.Measure(model, [zeros(2)], x => model.forward(x).sum() / 0)).Message);
        Assert.Contains("weight[1]", Assert.Throws<IntraDistillException>(() => new ParameterSensitivity([("weight", [1, float.NaN])])).Message);
        Assert.Contains("no such parameter", Assert.Throws<IntraDistillException>(() => Pruning.Prune(model, new([("other", [1])]), 0.5)).Message);
        Assert.Contains("has 2", Assert.Throws<IntraDistillException>(() => Pruning.Prune(model, new([("weight", [1, 2, 3])]), 0.5)).Message);
    }
}
