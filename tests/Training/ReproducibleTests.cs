using IntraDistill.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests.TrainingTests;

[Collection("torch-rng")]
public sealed class ReproducibleTests
{
    [Fact]
    public void A_seed_fixes_the_draws_and_every_update_has_others()
    {
        Assert.Equal(Draw(1, 5), Draw(1, 5));
        var draws = new[] { Draw(1, 5), Draw(1, 6), Draw(2, 5), Draw(5, 1), Draw(-1, 5) };
        Assert.Equal(draws.Length, draws.Distinct().Count());

        static double Draw(long seed, long update)
        {
            Reproducible.Seed(seed, update);
            return randn(1, ScalarType.Float64).ToDouble();
        }
    }

    [Fact]
    public void The_hash_never_changes_and_is_not_negative()
    {
        // Reference: SplitMix64 seeded with 0 gives 0xE220A8397B1DCDAF first (Vigna's splitmix64.c).
        Assert.Equal((long)(0xE220A8397B1DCDAF & long.MaxValue), Reproducible.Mix(0, unchecked((long)0xE220A8397B1DCDAF)));
        for (long stream = -50; stream < 50; stream++) Assert.True(Reproducible.Mix(stream * 31, stream) >= 0);
    }
}
