using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public class DivergencePropertyTests
{
    [Theory]
    [InlineData(Divergence.X)]
    [InlineData(Divergence.JensenShannon)]
    public void Extreme_logits_stay_finite_and_right_in_float32(Divergence divergence)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        // Every mix of ±1e4, ties among them, moderate values and rows that agree.
        Tensor logits = rand(3, 200, 7).sub(0.5).sign().mul(1e4);
        logits = where(rand_like(logits).lt(0.3), randn_like(logits), logits);
        logits = where(rand(1, 200, 1).lt(0.1), logits[0].unsqueeze(0), logits).requires_grad_();

        Tensor value = Divergences.Compute(divergence, logits);
        value.backward();

        Assert.True(logits.grad!.isfinite().all().item<bool>());
        Tensor expected = Divergences.Compute(divergence, logits.detach().to(float64));
        Assert.True(value.isfinite().item<bool>());
        Assert.True(value.RelativeError(expected) < 1e-5);
    }

    [Fact]
    public void X_of_two_opposed_certainties_is_their_log_odds()
    {
        using var scope = NewDisposeScope();
        // p = (1, 0) and (0, 1): p̄ = ½ each, X = ½ Σ_i Σ_v (p_i − ½) l_i = ½ · 2 · (½ · 0 + ½ · 2e4).
        Tensor logits = tensor(new float[] { 1e4f, -1e4f, -1e4f, 1e4f }).reshape(2, 1, 2).requires_grad_();
        Tensor value = Divergences.Compute(Divergence.X, logits);
        value.backward();
        Assert.Equal(1e4f, value.item<float>());
        Assert.True(logits.grad!.isfinite().all().item<bool>());
    }

    [Fact]
    public void X_is_the_sum_of_both_directions_of_KL_and_zero_where_the_passes_agree()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        Tensor logits = randn([4, 5, 6], dtype: float64);
        Tensor p = F.softmax(logits, -1), mean = p.mean([0], keepdim: true);
        Tensor expected = ((p * (p / mean).log()).sum() + (mean * (mean / p).log()).sum()) / 4;
        Assert.True(Divergences.Compute(Divergence.X, logits).RelativeError(expected) < 1e-10);
        Assert.True(Divergences.Compute(Divergence.JensenShannon, logits).RelativeError((p * (p / mean).log()).sum() / 4) < 1e-10);
        Assert.Equal(0, Divergences.Compute(Divergence.X, logits[0].expand(3, 5, 6)).item<double>(), 12);
    }

    [Fact]
    public void Chunks_give_what_one_chunk_gives()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        Tensor logits = randn([2, 37, 60_001], dtype: float64).requires_grad_();      // 33 positions a chunk
        Tensor value = Divergences.Compute(Divergence.X, logits);
        value.backward();
        Tensor l = F.log_softmax(logits.detach().requires_grad_(), -1);
        Tensor direct = ((l.exp() - l.exp().mean([0], keepdim: true)) * l).sum() / 2;
        Assert.True(value.RelativeError(direct) < 1e-10);
        Assert.Equal(0, logits.grad!.sum(-1).abs().max().item<double>(), 10);         // softmax is blind to a shift
    }

    [Fact]
    public void A_divergence_is_chosen_by_name()
    {
        Assert.Equal(Divergence.X, Divergences.Parse("x"));
        Assert.Equal(Divergence.JensenShannon, Divergences.Parse("JensenShannon"));
        Assert.Contains("\"1\": X, JensenShannon", Assert.Throws<IntraDistillException>(() => Divergences.Parse("1")).Message);
    }

    [Fact]
    public void Wrong_shapes_are_named()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("(5, 6)", Assert.Throws<ArgumentException>(() => Divergences.Compute(Divergence.X, zeros(3, 5, 6, 7), ones(5, 5))).Message);
        Assert.Throws<ArgumentException>(() => Divergences.Compute(Divergence.MeanSquaredError, zeros(3, 5), ones(5)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdaptiveAlpha(5, 100, p: 10, q: 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdaptiveAlpha(double.NaN, 100));
        Assert.Throws<ArgumentOutOfRangeException>(() => new IntraDistillation(new() { Passes = 0 }));
    }
}
