using TorchSharp;
using static TorchSharp.torch;

namespace IntraDistill.Tests;

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
    public async Task Deterministic_algorithms_are_asked_for_while_training_and_change_no_bit_on_the_CPU()
    {
        List<bool> seen = [], cublasTold = [];
        double[] weights = [await Train(false), await Train(true)];
        Assert.Equal([false, false, false, true, true, true], seen);
        Assert.Equal(seen, cublasTold);
        Assert.False(Reproducible.AreDeterministic);
        Assert.Equal(weights[0], weights[1]);

        async Task<double> Train(bool deterministic)
        {
            using var model = new ToyModel();
            TrainerSettings settings = new() { Deterministic = deterministic, ValidateEvery = 0, CheckpointEvery = 0 };
            using Trainer<ToyBatch> trainer = new(model, settings, new ToySource(), (batch, _) =>
            {
                seen.Add(Reproducible.AreDeterministic);
                cublasTold.Add(Reproducible.GetVariable("CUBLAS_WORKSPACE_CONFIG") != 0);   // of libc: .NET has a copy of its own
                return model.Loss(batch);
            });
            await trainer.TrainAsync(3, cancellation: TestContext.Current.CancellationToken);
            return model.parameters().Sum(parameter => parameter.sum().ToDouble());
        }
    }

    [Fact]
    public void The_hash_never_changes_and_is_not_negative()
    {
        // Reference: SplitMix64 seeded with 0 gives 0xE220A8397B1DCDAF first (Vigna's splitmix64.c).
        Assert.Equal((long)(0xE220A8397B1DCDAF & long.MaxValue), Reproducible.Mix(0, unchecked((long)0xE220A8397B1DCDAF)));
        for (long stream = -50; stream < 50; stream++) Assert.True(Reproducible.Mix(stream * 31, stream) >= 0);
    }

    [Fact]
    public void What_of_the_machine_changes_numbers_is_named_and_another_number_of_threads_is_another_run()
    {
        RunConfig On(Device device) => new(1, RunConfig.OfMachine(device));
        int threads = get_num_threads();
        try
        {
            RunConfig before = On(CPU);
            Assert.Equal(["seed", "machine.device", "machine.processor", "machine.precision", "machine.system", "machine.torchsharp",
                "machine.kit", "machine.threads"], before.Names);
            Assert.Equal(("cpu", "Float32", threads), (before["machine.device"].Text, before["machine.precision"].Text,
                (int)before["machine.threads"].Number));
            Assert.Equal(before, On(CPU));
            set_num_threads(threads + 1);
            Assert.NotEqual(before, On(CPU));
            set_default_dtype(float64);
            Assert.Equal("Float64", On(CPU)["machine.precision"].Text);
        }
        finally
        {
            set_num_threads(threads);
            set_default_dtype(float32);
        }
        // Without a driver a GPU has no name.
        RunConfig gpu = On(new Device(DeviceType.CUDA, 0));
        Assert.False(gpu.TryGet("machine.threads", out _));
        Assert.NotEqual("cpu", gpu["machine.device"].Text);
    }
}
