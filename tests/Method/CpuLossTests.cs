using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

/// <summary>The loss of a token in the processor's cache is that of the tensor operations, which run in float64.</summary>
[Collection("torch-rng")]
public sealed class CpuLossTests
{
    [Theory]
    [InlineData(1, 0, 0.1)]
    [InlineData(3, 0, 0.1)]
    [InlineData(3, 5, 0.1)]
    [InlineData(4, 0.5, 0)]
    public void Loss_and_gradients_are_those_of_the_tensor_operations(int passes, double alpha, double smoothing)
    {
        using var scope = NewDisposeScope();
        var (hidden, weight, target) = Inputs(passes);
        var objective = Objective(passes, alpha, smoothing);
        var (expected, expectedHidden, expectedWeight) = Run(objective, hidden, weight, target);
        var (actual, actualHidden, actualWeight) = Run(objective, hidden.to(float32), weight.to(float32), target);
        Assert.Equal(expected.Task.ToDouble(), actual.Task.ToDouble(), 1e-5);
        Assert.Equal(expected.Divergence.ToDouble(), actual.Divergence.ToDouble(), 1e-5);
        Assert.Equal(expected.Total.ToDouble(), actual.Total.ToDouble(), 1e-5);
        Close(expectedHidden, actualHidden);
        Close(expectedWeight, actualWeight);
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        using var scope = NewDisposeScope();
        var (hidden, weight, target) = Inputs(3);
        int before = get_num_threads();
        try
        {
            set_num_threads(1);
            var one = Run(Objective(3, 5, 0.1), hidden.to(float32), weight.to(float32), target);
            set_num_threads(2);
            var two = Run(Objective(3, 5, 0.1), hidden.to(float32), weight.to(float32), target);
            Assert.Equal(one.Loss.Total.ToDouble(), two.Loss.Total.ToDouble());
        }
        finally
        {
            set_num_threads(before);
        }
    }

    [Fact]
    public void Logits_of_16_bits_have_their_loss_added_up_in_float32()
    {
        using var scope = NewDisposeScope();
        var (hidden, weight, target) = Inputs(3);
        // Logits of about 1, whose rounding to 8 significant bits is small.
        Tensor coarseHidden = (hidden * 0.1).to(bfloat16), coarseWeight = weight.to(bfloat16);
        var expected = Run(Objective(3, 1, 0.1), coarseHidden.to(float64), coarseWeight.to(float64), target);
        var actual = Run(Objective(3, 1, 0.1), coarseHidden, coarseWeight, target);
        Assert.Equal(ScalarType.Float32, actual.Loss.Total.dtype);
        Assert.Equal(expected.Loss.Task.ToDouble(), actual.Loss.Task.ToDouble(), 5e-3);
        Assert.Equal(ScalarType.BFloat16, actual.Hidden.dtype);
        Close(expected.Hidden, actual.Hidden, 0.03);
        Close(expected.Weight, actual.Weight, 0.03);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void A_divergence_that_weighs_nothing_is_looked_at_when_it_is_due(ScalarType type)
    {
        using var scope = NewDisposeScope();
        var (hidden, weight, target) = Inputs(3);
        var objective = new TranslationObjective(new IntraDistillation(new() { Alpha = 0, MeasureEvery = 4 }));
        double[] seen = [.. Enumerable.Range(1, 9).Select(step =>
            objective.Loss(hidden.to(type), weight.to(type), target, step).Divergence.ToDouble())];
        Assert.Equal([1, 5, 9], Enumerable.Range(1, 9).Where(step => !double.IsNaN(seen[step - 1])));
        Assert.Equal(Objective(3, 1, 0.1).Loss(hidden, weight, target, 1).Divergence.ToDouble(), seen[0], 1e-5);

        var any = new IntraDistillation(new() { Alpha = 0, MeasureEvery = 4 });
        Tensor logits = hidden.to(type).requires_grad_();
        var loss = any.Loss(logits, one => one.square().mean(), 2);
        Assert.True(double.IsNaN(loss.Divergence.ToDouble()));
        loss.Total.backward();
        Assert.True(logits.grad!.isfinite().all().ToBoolean());
    }

    private static TranslationObjective Objective(int passes, double alpha, double smoothing) =>
        new(new IntraDistillation(new() { Passes = passes, Alpha = alpha, AdaptiveAlpha = false }), smoothing);

    private static (Tensor Hidden, Tensor Weight, Tensor Target) Inputs(int passes)
    {
        manual_seed(7).Dispose();
        Tensor target = randint(0, 37, [5, 9], int64);      // 0 is padding
        return (randn(passes, 5, 9, 6, dtype: float64).mul_(2), randn(37, 6, dtype: float64).mul_(2), target);
    }

    private static (IntraDistillationLoss Loss, Tensor Hidden, Tensor Weight) Run(
        TranslationObjective objective, Tensor hidden, Tensor weight, Tensor target)
    {
        Tensor h = hidden.clone().requires_grad_(), w = weight.clone().requires_grad_();
        IntraDistillationLoss loss = objective.Loss(h, w, target, 1);
        loss.Total.backward();
        return (loss, h.grad!, w.grad!);
    }

    private static void Close(Tensor expected, Tensor actual, double relative = 1e-5)
    {
        double scale = expected.abs().max().ToDouble();
        Assert.True((expected - actual.to(float64)).abs().max().ToDouble() <= relative * scale);
    }
}
