using static TorchSharp.torch;

namespace IntraDistill.Tests;

[Collection("torch-rng")]
public class DropoutTests
{
    [Theory]
    [InlineData(0.1, 1_000_003)]
    [InlineData(0.3, 100_000)]
    [InlineData(0.5, 100_001)]
    [InlineData(0.9, 99_999)]
    public void Masks_hold_zero_or_the_scale_at_the_right_rate(double p, int length)
    {
        float[] mask = Mask(length, p, seed: 7);
        float scale = (float)(1 / (1 - p));
        Assert.All(mask, value => Assert.True(value == 0 || value == scale));
        double dropped = mask.Count(value => value == 0), deviation = Math.Sqrt(length * p * (1 - p));
        Assert.InRange(dropped, length * p - 4 * deviation, length * p + 4 * deviation);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    public void Elements_and_masks_are_independent(double p)
    {
        const int length = 1 << 20;
        float[] mask = Mask(length, p, seed: 1);
        foreach (int lag in (int[])[1, 2, 3, 15, 16, 17, 32, 128, 1024])
            AssertUncorrelated(mask.AsSpan(0, length - lag), mask.AsSpan(lag), p, $"lag {lag}");
        foreach (ulong seed in (ulong[])[2, 3, 1UL << 32, ulong.MaxValue])
            AssertUncorrelated(mask, Mask(length, p, seed), p, $"seed {seed}");
    }

    [Fact]
    public void All_patterns_of_eight_elements_are_equally_frequent_at_one_half()
    {
        float[] mask = Mask(1 << 20, 0.5, seed: 3);
        var counts = new int[256];
        for (int i = 0; i < mask.Length; i += 8)
            counts[Enumerable.Range(0, 8).Sum(j => mask[i + j] == 0 ? 0 : 1 << j)]++;
        double expected = mask.Length / 8 / 256.0;
        double chiSquare = counts.Sum(count => (count - expected) * (count - expected) / expected);
        // 255 degrees of freedom: mean 255, standard deviation √510.
        Assert.InRange(chiSquare, 255 - 4 * Math.Sqrt(510), 255 + 4 * Math.Sqrt(510));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(75)]
    public void A_seed_means_the_mask_of_the_published_generator(int length)
    {
        const ulong seed = 20221207;
        Assert.Equal(ScalarMask(length, 0.4, seed), Mask(length, 0.4, seed));
    }

    [Fact]
    public void Manual_seed_makes_it_reproducible_and_calls_differ()
    {
        using var scope = NewDisposeScope();
        using var dropout = new Dropout(0.5);
        Tensor x = ones(200);
        manual_seed(5);
        Tensor first = dropout.call(x), second = dropout.call(x);
        manual_seed(5);
        Assert.True(first.Equals(dropout.call(x)));
        Assert.True(second.Equals(dropout.call(x)));
        Assert.False(first.Equals(second));
    }

    [Fact]
    public void Is_the_identity_in_evaluation_and_without_dropout()
    {
        using var scope = NewDisposeScope();
        using Dropout evaluated = new(0.5), zero = new(0);
        evaluated.eval();
        Tensor x = randn(10);
        Assert.Same(x, evaluated.call(x));
        Assert.Same(x, zero.call(x));
        Assert.True(evaluated.AddTo(x, x).Equals(x + x));
        Assert.False(zero.Active);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    public void Gradient_is_the_mask(ScalarType type)
    {
        using var scope = NewDisposeScope();
        using var dropout = new Dropout(0.25);
        Tensor x = randn(20, 30, dtype: type).requires_grad_();
        Tensor y = dropout.call(x);
        y.sum().backward();
        Assert.Equal(type, y.dtype);
        Assert.True(y.detach().Equals(x.detach() * x.grad!));
        Assert.Equal(2, x.grad!.unique().output.shape[0]);
    }

    [Fact]
    public void Added_to_a_residual_it_is_the_sum_of_both()
    {
        using var scope = NewDisposeScope();
        using var dropout = new Dropout(0.25);
        Tensor x = randn(20, 30).requires_grad_(), residual = randn(20, 30).requires_grad_();
        manual_seed(9);
        Tensor sum = dropout.AddTo(residual, x);
        manual_seed(9);
        Tensor dropped = dropout.call(x);
        // One rounding instead of two; where the two nearly cancel, that is much of the little that is left.
        Assert.True(sum.allclose(residual + dropped, atol: 1e-6));
        sum.sum().backward();
        Assert.True(residual.grad!.Equals(ones_like(residual)));
        Assert.True(dropped.detach().allclose(x.detach() * x.grad!));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1)]
    public void Rejects_what_is_no_probability(double p) => Assert.Throws<ArgumentOutOfRangeException>(() => new Dropout(p));

    private static float[] Mask(int length, double p, ulong seed)
    {
        var mask = new float[length];
        DropoutMask.Fill(mask, p, seed);
        return mask;
    }

    private static void AssertUncorrelated(ReadOnlySpan<float> a, ReadOnlySpan<float> b, double p, string what)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += ((a[i] == 0 ? 1 : 0) - p) * ((b[i] == 0 ? 1 : 0) - p);
        double correlation = sum / (a.Length * p * (1 - p));
        Assert.True(Math.Abs(correlation) < 4.5 / Math.Sqrt(a.Length), $"{what}: correlation {correlation}");
    }

    /// <summary>xoshiro128+ and splitmix64 one number at a time: element i comes from generator i mod 16.</summary>
    private static float[] ScalarMask(int length, double p, ulong seed)
    {
        var states = new uint[4][];
        for (int word = 0; word < 4; word++)
        {
            states[word] = new uint[16];
            for (int lane = 0; lane < 16; lane += 2)
            {
                seed += 0x9E3779B97F4A7C15;
                ulong z = (seed ^ (seed >> 30)) * 0xBF58476D1CE4E5B9;
                z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
                z ^= z >> 31;
                states[word][lane] = (uint)z;
                states[word][lane + 1] = (uint)(z >> 32);
            }
        }
        var mask = new float[length];
        for (int i = 0; i < length; i++)
        {
            int lane = i % 16;
            ref uint s0 = ref states[0][lane], s1 = ref states[1][lane], s2 = ref states[2][lane], s3 = ref states[3][lane];
            uint result = s0 + s3, t = s1 << 9;
            s2 ^= s0;
            s3 ^= s1;
            s1 ^= s2;
            s0 ^= s3;
            s2 ^= t;
            s3 = uint.RotateLeft(s3, 11);
            mask[i] = result < p * 4294967296.0 - 1 ? 0 : (float)(1 / (1 - p));
        }
        return mask;
    }
}
