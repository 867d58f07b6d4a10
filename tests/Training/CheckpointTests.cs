
namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class CheckpointTests : IDisposable
{
    private readonly DirectoryInfo _temporary = Directory.CreateTempSubdirectory("intradistill-checkpoint-");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private TrainerSettings Settings => new()
    {
        LearningRate = 1e-2,
        WarmupSteps = 10,
        MaxUpdates = 40,
        ValidateEvery = 7,
        CheckpointEvery = 5,
        CheckpointFolder = Path.Combine(_temporary.FullName, "run"),
    };

    private string[] Files =>
        [.. new DirectoryInfo(Settings.CheckpointFolder!).EnumerateFileSystemInfos().Select(entry => entry.Name).Order()];

    [Theory]
    [InlineData(OptimizerKind.Adam)]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.Adamax)]
    public async Task A_resumed_run_has_the_history_and_the_bits_of_one_that_was_not_stopped(OptimizerKind optimizer)
    {
        var settings = Settings with { Optimizer = optimizer };
        using var whole = new Run(settings with { CheckpointFolder = null });
        var expected = await whole.Trainer.TrainAsync(cancellation: Cancellation);

        using (var first = new Run(settings)) await first.Trainer.TrainAsync(untilUpdate: 23, cancellation: Cancellation);
        Assert.Equal(["update-0000000020.checkpoint", "update-0000000023.checkpoint"], Files);

        // Another initial seed: all of it must come from the file.
        using var second = new Run(settings, modelSeed: 99);
        Assert.True(second.Trainer.TryResume());
        Assert.Equal((23, 23), (second.Trainer.Result.Update, second.Trainer.Progress.Update));
        var result = await second.Trainer.TrainAsync(cancellation: Cancellation);

        Assert.Equal(whole.Model.Hash(), second.Model.Hash());
        Assert.Equal(whole.Trainer.WithChosenWeights(whole.Model.Hash), second.Trainer.WithChosenWeights(second.Model.Hash));
        Assert.Equal(expected.History.Select(Values), result.History.Select(Values));
        Assert.Equal((expected.BestUpdate, expected.BestValidation), (result.BestUpdate, result.BestValidation));
        Assert.Equal(expected.Epochs, result.Epochs);
        var times = result.History.Select(point => point.TrainingTime).ToList();
        Assert.Equal(times.Order(), times);
        // The validation at the end of the call that was stopped stays in the history.
        Assert.Equal([7, 14, 21, 23, 28, 35, 40], result.Validations.Select(point => point.Update));

        static (long, double, double, double, double, double) Values(TrainingPoint p) =>
            (p.Update, p.Task, p.Divergence, p.Total, p.LearningRate, p.GradientNorm);
    }

    [Fact]
    public void Without_a_folder_or_a_checkpoint_there_is_nothing_to_resume()
    {
        using var run = new Run(Settings);
        Assert.False(run.Trainer.TryResume());
        using var without = new Run(Settings with { CheckpointFolder = null });
        Assert.False(without.Trainer.TryResume());
    }

    [Fact]
    public async Task A_truncated_checkpoint_is_named_with_what_is_wrong_wherever_it_ends()
    {
        string file = await OnlyCheckpointAsync();
        byte[] whole = File.ReadAllBytes(file);
        foreach (int length in new[] { 0, 1, 7, 8, 15, 16, 100, whole.Length / 2, whole.Length - 33, whole.Length - 1 })
        {
            File.WriteAllBytes(file, whole[..length]);
            using var run = new Run(Settings);
            string before = run.Model.Hash();
            var error = Assert.Throws<CheckpointException>(() => run.Trainer.TryResume());
            Assert.Contains("is truncated", error.Message);
            Assert.Contains(file, error.Message);
            Assert.DoesNotContain('\n', error.Message);
            Assert.Equal(before, run.Model.Hash());
        }
        File.WriteAllBytes(file, [.. whole, 0]);
        using var longer = new Run(Settings);
        Assert.Contains("is corrupted", Assert.Throws<CheckpointException>(() => longer.Trainer.TryResume()).Message);
    }

    [Fact]
    public async Task A_flipped_bit_is_found_wherever_it_is()
    {
        string file = await OnlyCheckpointAsync();
        byte[] whole = File.ReadAllBytes(file);
        var random = new Random(5);
        int[] places = [0, 8, 12, 15, 16, .. Enumerable.Range(0, 40).Select(_ => random.Next(whole.Length)), whole.Length - 1];
        foreach (int place in places)
        {
            byte[] bad = [.. whole];
            bad[place] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(file, bad);
            using var run = new Run(Settings);
            Assert.Contains(file, Assert.Throws<CheckpointException>(() => run.Trainer.TryResume()).Message);
        }
    }

    [Fact]
    public async Task A_damaged_newest_checkpoint_is_reported_and_the_one_before_it_taken()
    {
        using (var first = new Run(Settings)) await first.Trainer.TrainAsync(untilUpdate: 20, cancellation: Cancellation);
        string newest = Path.Combine(Settings.CheckpointFolder!, Files[^1]);
        File.WriteAllBytes(newest, File.ReadAllBytes(newest)[..500]);

        using var run = new Run(Settings);
        Assert.True(run.Trainer.TryResume());
        Assert.Equal(15, run.Trainer.Result.Update);
        Assert.Contains(newest, run.Trainer.ResumeWarning);
        await run.Trainer.TrainAsync(cancellation: Cancellation);
        using var whole = new Run(Settings with { CheckpointFolder = null });
        await whole.Trainer.TrainAsync(cancellation: Cancellation);
        Assert.Equal(whole.Model.Hash(), run.Model.Hash());
    }

    [Fact]
    public async Task A_checkpoint_of_another_run_names_the_difference_and_changes_nothing()
    {
        string file = await OnlyCheckpointAsync();
        Refuses(new Run(Settings with { LearningRate = 2e-2 }), "LearningRate = 0.01, and this run has LearningRate = 0.02");
        Refuses(new Run(Settings with { Label = "baseline" }), "Label = training, and this run has Label = baseline");
        Refuses(new Run(Settings with { Schedule = ScheduleKind.Linear }), "Schedule = InverseSqrt");
        Refuses(new Run(Settings, width: 20), "weights/hidden.weight is Float32 [16, 8] in it and Float32 [20, 8] here");
        Refuses(new Run(Settings, new ToySource(batches: 8)), "made with other data");

        // Where to stop and what to show is not the run's identity.
        using var more = new Run(Settings with { MaxUpdates = 50, ValidateEvery = 3, Patience = 9 });
        Assert.True(more.Trainer.TryResume());

        void Refuses(Run run, string difference)
        {
            using (run)
            {
                string before = run.Model.Hash();
                var error = Assert.Throws<CheckpointException>(() => run.Trainer.TryResume());
                Assert.Contains(difference, error.Message);
                Assert.Contains(file, error.Message);
                Assert.Equal(before, run.Model.Hash());
                Assert.Equal(0, run.Trainer.Result.Update);
            }
        }
    }

    [Fact]
    public async Task A_new_run_does_not_start_over_another_ones_checkpoints()
    {
        string file = await OnlyCheckpointAsync();
        using var run = new Run(Settings);
        var error = await Assert.ThrowsAsync<CheckpointException>(() => run.Trainer.TrainAsync(cancellation: Cancellation));
        Assert.Contains("TryResume()", error.Message);
        Assert.True(File.Exists(file));
    }

    [Fact]
    public async Task What_a_kill_left_of_a_checkpoint_goes_and_two_stay()
    {
        using (var first = new Run(Settings)) await first.Trainer.TrainAsync(untilUpdate: 12, cancellation: Cancellation);
        File.WriteAllText(Path.Combine(Settings.CheckpointFolder!, "update-0000000015.checkpoint.tmp"), "half a checkp");
        File.WriteAllText(Path.Combine(Settings.CheckpointFolder!, "notes.txt"), "mine");
        using var run = new Run(Settings);
        Assert.True(run.Trainer.TryResume());
        await run.Trainer.TrainAsync(cancellation: Cancellation);
        Assert.Equal(["notes.txt", "update-0000000035.checkpoint", "update-0000000040.checkpoint"], Files);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_a_one_line_error()
    {
        string inTheWay = Path.Combine(_temporary.FullName, "file");
        File.WriteAllText(inTheWay, "");
        using var run = new Run(Settings with { CheckpointFolder = Path.Combine(inTheWay, "run") });
        var error = await Assert.ThrowsAsync<CheckpointException>(() => run.Trainer.TrainAsync(cancellation: Cancellation));
        Assert.Contains("cannot be written", error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    public void Dispose() => _temporary.Delete(recursive: true);

    private async Task<string> OnlyCheckpointAsync()
    {
        using var run = new Run(Settings with { CheckpointEvery = 0 });
        await run.Trainer.TrainAsync(untilUpdate: 10, cancellation: Cancellation);
        return Path.Combine(Settings.CheckpointFolder!, Assert.Single(Files));
    }

    private sealed class Run : IDisposable
    {
        public Run(TrainerSettings settings, ToySource? source = null, long modelSeed = 1, int width = 16)
        {
            Model = new ToyModel(modelSeed, width: width);
            var data = source ?? new ToySource();
            Trainer = Model.Trainer(settings, data, () => Model.Evaluate(data));
        }

        public ToyModel Model { get; }

        public Trainer<ToyBatch> Trainer { get; }

        public void Dispose()
        {
            Trainer.Dispose();
            Model.Dispose();
        }
    }
}
