using IntraDistill.Tasks;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class SpanDistillationTests : SingleThreadedTests
{
    private const int Passes = 3, Windows = 6, Length = 9;

    private static IntraDistillation Objective(DivergenceReduction reduction = DivergenceReduction.Sum) =>
        new(new() { Passes = Passes, Alpha = 0.7, AdaptiveAlpha = false, Reduction = reduction });

    private static (Tensor Start, Tensor End, Tensor StartLabel, Tensor EndLabel) Draw()
    {
        manual_seed(8);
        return ((2 * randn([Passes, Windows, Length], dtype: float64)).requires_grad_(),
            (2 * randn([Passes, Windows, Length], dtype: float64)).requires_grad_(),
            tensor(new long[] { 0, 3, 2, 0, 5, 1 }), tensor(new long[] { 0, 4, 2, 0, 6, 3 }));
    }

    [Theory]
    [InlineData(DivergenceReduction.Sum)]
    [InlineData(DivergenceReduction.Mean)]
    public void It_is_the_authors_loss_as_plain_autograd_has_it(DivergenceReduction reduction)
    {
        using var scope = NewDisposeScope();
        (Tensor start, Tensor end, Tensor startLabel, Tensor endLabel) = Draw();
        IntraDistillationLoss loss = Objective(reduction).SpanLoss((start, end), startLabel, endLabel, 1);
        loss.Total.backward();
        (Tensor startGradient, Tensor endGradient) = (start.grad!.clone(), end.grad!.clone());
        start.grad!.zero_();
        end.grad!.zero_();

        // run_squad.py: softmax of both, one below the other; p̄; the sum of (p − p̄)(log p − log p̄), over the passes' number.
        Tensor task = zeros([], dtype: float64), divergence = zeros([], dtype: float64);
        Tensor[] p = [.. Enumerable.Range(0, Passes).Select(i => cat([F.softmax(start[i], -1), F.softmax(end[i], -1)], 0))];
        Tensor mean = (p[0] + p[1] + p[2]) / Passes;
        for (int i = 0; i < Passes; i++)
        {
            task = task + (F.cross_entropy(start[i], startLabel) + F.cross_entropy(end[i], endLabel)) / 2;
            divergence = divergence + ((p[i] - mean) * (p[i].log() - mean.log())).sum();
        }
        divergence = divergence / Passes / (reduction == DivergenceReduction.Mean ? 2 * Windows : 1);
        Tensor total = task / Passes + 0.7 * divergence;
        total.backward();
        Assert.Equal((task / Passes).item<double>(), loss.Task.item<double>(), 1e-12);
        Assert.Equal(divergence.item<double>(), loss.Divergence.item<double>(), 1e-12);
        Assert.Equal(total.item<double>(), loss.Total.item<double>(), 1e-12);
        Assert.True(startGradient.allclose(start.grad!, 1e-9, 1e-12));
        Assert.True(endGradient.allclose(end.grad!, 1e-9, 1e-12));
    }

    [Fact]
    public void Masked_positions_are_as_if_they_were_not_there()
    {
        using var scope = NewDisposeScope();
        (Tensor start, Tensor end, Tensor startLabel, Tensor endLabel) = Draw();
        Tensor mask = ones([Windows, Length], dtype: int64);
        mask[.., 7..] = 0;
        IntraDistillationLoss masked = Objective().SpanLoss((start, end), startLabel, endLabel, 1, mask);
        masked.Total.backward();
        (Tensor startGradient, Tensor endGradient) = (start.grad!.clone(), end.grad!.clone());
        start.grad!.zero_();
        end.grad!.zero_();
        IntraDistillationLoss narrow = Objective().SpanLoss(
            (start.narrow(-1, 0, 7), end.narrow(-1, 0, 7)), startLabel, endLabel, 1);
        narrow.Total.backward();
        Assert.Equal(narrow.Total.item<double>(), masked.Total.item<double>(), 1e-10);
        Assert.True(startGradient.allclose(start.grad!, 1e-9, 1e-12));
        Assert.True(endGradient.allclose(end.grad!, 1e-9, 1e-12));
        Assert.True(isfinite(startGradient).all().item<bool>());
    }

    [Fact]
    public void Weighted_parts_add_up_to_the_whole_update_with_its_windows_and_to_the_authors_without()
    {
        using var scope = NewDisposeScope();
        (Tensor start, Tensor end, Tensor startLabel, Tensor endLabel) = Draw();
        IntraDistillation objective = Objective();
        IntraDistillationLoss whole = objective.SpanLoss((start, end), startLabel, endLabel, 1);
        // The trainer weights parts by their windows.
        double parts = 2.0 / 6 * Part(0, 2, Windows).Total.item<double>() + 4.0 / 6 * Part(2, 4, Windows).Total.item<double>();
        Assert.Equal(whole.Total.item<double>(), parts, 1e-12);
        // Equal parts without it: as if alpha were divided by their number.
        IntraDistillationLoss first = Part(0, 3, null), second = Part(3, 3, null);
        Assert.Equal(whole.Task.item<double>() + 0.7 / 2 * whole.Divergence.item<double>(),
            (first.Total.item<double>() + second.Total.item<double>()) / 2, 1e-12);

        IntraDistillationLoss Part(long from, long count, long? update) => objective.SpanLoss(
            (start.narrow(1, from, count), end.narrow(1, from, count)), startLabel.narrow(0, from, count),
            endLabel.narrow(0, from, count), 1, updateWindows: update);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_refused()
    {
        using var scope = NewDisposeScope();
        (Tensor start, Tensor end, Tensor startLabel, Tensor endLabel) = Draw();
        Assert.Throws<ArgumentException>(() => Objective().SpanLoss((start, end[0]), startLabel, endLabel, 1));
        Assert.Throws<ArgumentException>(() => Objective().SpanLoss((start[0], end[0]), startLabel, endLabel, 1));
        Assert.Throws<ArgumentException>(() => Objective().SpanLoss((start, end), startLabel, endLabel, 1, ones([Windows, 2])));
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Objective().SpanLoss((start, end), startLabel, endLabel, 1, updateWindows: Windows - 1));
    }
}
