using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public class MultiHeadAttentionTests : SingleThreadedTests
{
    private const int Size = 12, Heads = 3;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Equals_loops_over_rows_heads_and_positions(bool fused)
    {
        using var scope = NewDisposeScope();
        manual_seed(1);
        using MultiHeadAttention attention = New(0);
        attention.Fused = fused;
        Tensor query = randn(5, 4, Size, dtype: float64), memory = randn(7, 4, Size, dtype: float64);
        foreach (Tensor? mask in (Tensor?[])[null, PaddingMask([7, 3, 1, 5]), CausalMask(5, 7)])
        {
            Tensor actual = attention.call(query, memory, mask);
            Assert.True(actual.allclose(Loops(attention, query, memory, mask), 0, 1e-10));
        }
    }

    [Fact]
    public void Both_computations_have_the_same_gradients()
    {
        using var scope = NewDisposeScope();
        manual_seed(2);
        using MultiHeadAttention attention = New(0);
        Tensor query = randn(5, 4, Size, dtype: float64).requires_grad_();
        Tensor memory = randn(7, 4, Size, dtype: float64).requires_grad_();
        Tensor weight = randn(5, 4, Size, dtype: float64), mask = PaddingMask([7, 3, 1, 5]);
        var gradients = new List<Tensor[]>();
        foreach (bool fused in (bool[])[true, false])
        {
            attention.Fused = fused;
            Tensor loss = (attention.call(query, memory, mask) * weight).sum();
            gradients.Add([.. autograd.grad([loss], [query, memory, .. attention.parameters()])]);
        }
        Assert.Equal(10, gradients[0].Length);
        Assert.All(gradients[0].Zip(gradients[1]), pair => Assert.True(pair.First.allclose(pair.Second, 0, 1e-10)));
        Assert.All(gradients[0].Take(2), gradient => Assert.True(gradient.abs().max().item<double>() > 0.01));
    }

    [Fact]
    public void Dropout_drops_attention_weights_in_training_only()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        using MultiHeadAttention attention = New(0.5);
        Tensor x = randn(6, 2, Size, dtype: float64);
        attention.eval();
        Tensor expected = attention.call(x, x, null);
        Assert.True(attention.call(x, x, null).Equals(expected));
        attention.train();
        Tensor mean = zeros_like(expected);
        for (int i = 0; i < 2000; i++)
            mean.add_(attention.call(x, x, null).detach(), 1 / 2000.0);
        Assert.False(attention.call(x, x, null).allclose(expected, 0, 1e-3));
        Assert.True(mean.allclose(expected, 0, 0.06), $"off by {(mean - expected).abs().max().item<double>()}");
    }

    private static MultiHeadAttention New(double dropout)
    {
        var attention = new MultiHeadAttention(Size, Heads, dropout);
        attention.to(ScalarType.Float64);
        return attention;
    }

    private static Tensor PaddingMask(int[] lengths)
    {
        Tensor mask = zeros(lengths.Length, 1, 1, lengths.Max(), dtype: float64);
        for (int i = 0; i < lengths.Length; i++)
            mask[i, 0, 0, TensorIndex.Slice(lengths[i])] = -1e9;
        return mask;
    }

    private static Tensor CausalMask(int queries, int keys) =>
        full([queries, keys], -1e9, float64).triu(1).view(1, 1, queries, keys);

    private static Tensor Loops(MultiHeadAttention attention, Tensor query, Tensor memory, Tensor? mask)
    {
        int width = Size / Heads;
        Tensor q = Project("query", query), k = Project("key", memory), v = Project("value", memory);
        Tensor context = zeros_like(query);
        for (int row = 0; row < query.shape[1]; row++)
            for (int head = 0; head < Heads; head++)
                for (int t = 0; t < query.shape[0]; t++)
                {
                    TensorIndex columns = TensorIndex.Slice(head * width, (head + 1) * width);
                    double[] scores = [.. Enumerable.Range(0, (int)memory.shape[0]).Select(s =>
                        (q[t, row, columns] * k[s, row, columns]).sum().item<double>() / Math.Sqrt(width) + Masked(row, t, s))];
                    double[] weights = [.. scores.Select(score => Math.Exp(score - scores.Max()))];
                    for (int s = 0; s < weights.Length; s++)
                        context[t, row, columns] += v[s, row, columns] * (weights[s] / weights.Sum());
                }
        return Project("output", context);

        double Masked(long row, long t, long s) => mask is null
            ? 0
            : mask[Math.Min(row, mask.shape[0] - 1), 0, Math.Min(t, mask.shape[2] - 1), s].item<double>();

        Tensor Project(string name, Tensor x) =>
            x.matmul(attention.get_parameter($"{name}.weight")!.t()) + attention.get_parameter($"{name}.bias")!;
    }
}
