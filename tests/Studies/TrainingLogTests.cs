
namespace IntraDistill.Tests;

[Collection("torch-rng")]
public sealed class TrainingLogTests : IDisposable
{
    private static readonly RunConfig s_config = new(seed: 1, ("arm", "id"));
    private static readonly TrainerSettings s_quick =
        new() { LearningRate = 1e-2, WarmupSteps = 20, MaxUpdates = 60, ValidateEvery = 10, CheckpointEvery = 20 };

    private readonly string _folder = Directory.CreateTempSubdirectory("intradistill-log-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_curves_of_a_training_are_the_runs_metrics()
    {
        RunStore store = new(_folder);
        TrainingResult result;
        using (RunFolder run = store.Start("x", s_config))
        {
            result = await Train(run, updates: 60, every: 7);
            run.Finish();
        }
        StoredRun stored = store.Find(s_config)!;
        Assert.Equal(result.Validations, TrainingLog.Validations(stored));
        IReadOnlyList<TrainingPoint> curve = TrainingLog.Updates(stored);
        Assert.Equal([7, 14, 21, 28, 35, 42, 49, 56], curve.Select(point => point.Update));
        Assert.Equal(result.History[20].TrainingTime, curve[2].TrainingTime);
        var stretch = result.History.Skip(14).Take(7).ToArray();
        Assert.Equal(stretch.Average(p => p.Total), curve[2].Total, 1e-12);
        Assert.Equal(stretch.Average(p => p.Task), curve[2].Task, 1e-12);
        Assert.Equal(stretch.Average(p => p.Divergence), curve[2].Divergence, 1e-12);
        Assert.Equal(stretch.Average(p => p.Alpha), curve[2].Alpha, 1e-12);
        Assert.Equal(stretch.Average(p => p.LearningRate), curve[2].LearningRate, 1e-12);
        Assert.Equal(stretch.Average(p => p.TokensPerSecond), curve[2].TokensPerSecond, 1e-6);
        Assert.Equal(stretch.Average(p => p.GradientNorm), curve[2].GradientNorm, 1e-12);
    }

    [Fact]
    public async Task An_interrupted_training_goes_on_and_no_line_comes_twice_or_is_missing()
    {
        RunStore store = new(_folder);
        using (RunFolder run = store.Start("x", s_config))
            await Train(run, updates: 47, every: 5);
        // As if the process had been killed after update 47, with its last checkpoint at 40.
        foreach (string file in Directory.GetFiles(Path.Combine(store.Find(s_config)!.CheckpointFolder), "*47.checkpoint"))
            File.Delete(file);
        Assert.Equal(45, TrainingLog.Updates(store.Find(s_config)!)[^1].Update);
        TrainingResult result;
        using (RunFolder run = store.Start("x", s_config))
            result = await Train(run, updates: 60, every: 5);

        StoredRun stored = store.Find(s_config)!;
        Assert.Equal(60, result.History.Count);
        Assert.Equal(Enumerable.Range(1, 12).Select(i => 5L * i), TrainingLog.Updates(stored).Select(point => point.Update));
        Assert.Equal(result.Validations, TrainingLog.Validations(stored));
        Assert.Equal([10, 20, 30, 40, 50, 60], result.Validations.Select(point => point.Update));
        Assert.Equal(result.History.Skip(40).Take(5).Average(p => p.Total), TrainingLog.Updates(stored)[8].Total, 1e-12);
    }

    [Fact]
    public async Task A_second_run_may_go_on_with_the_checkpoints_of_a_first_and_has_the_whole_curve()
    {
        RunStore store = new(_folder);
        RunConfig longer = new(seed: 1, ("arm", "longer"));
        using (RunFolder run = store.Start("x", s_config))
        {
            await Train(run, updates: 40, every: 10);
            run.Finish();
        }
        using (RunFolder run = store.Start("x", longer))
        {
            await Train(run, updates: 60, every: 10, store.Find(s_config)!.CheckpointFolder);
            run.Finish();
        }
        Assert.Equal([10, 20, 30, 40, 50, 60], TrainingLog.Validations(store.Find(longer)!).Select(point => point.Update));
        Assert.Equal(6, TrainingLog.Updates(store.Find(longer)!).Count);
        Assert.Equal(4, TrainingLog.Updates(store.Find(s_config)!).Count);
    }

    [Fact]
    public async Task Only_a_run_that_is_done_may_lose_its_checkpoints()
    {
        RunStore store = new(_folder);
        using (RunFolder run = store.Start("x", s_config))
        {
            await Train(run, updates: 20, every: 10);
            Assert.Throws<InvalidOperationException>(run.DeleteCheckpoints);
            run.Finish();
        }
        StoredRun done = store.Find(s_config)!;
        Assert.NotEmpty(Directory.GetFiles(done.CheckpointFolder));
        done.DeleteCheckpoints();
        done.DeleteCheckpoints();
        Assert.False(Directory.Exists(done.CheckpointFolder));
        Assert.Equal(2, TrainingLog.Updates(store.Find(s_config)!).Count);
    }

    [Fact]
    public void A_stretch_of_no_update_and_a_run_that_is_done_are_refused()
    {
        using var model = new ToyModel();
        using var trainer = model.Trainer(s_quick);
        using RunFolder run = new RunStore(_folder).Start("x", s_config);
        var error = Assert.Throws<IntraDistillException>(() => TrainingLog.Follow(run, trainer, every: 0));
        Assert.Contains("every 0 updates was asked for; expected 1 or more", error.Message, StringComparison.Ordinal);
        run.Finish();
        Assert.Throws<InvalidOperationException>(() => TrainingLog.Follow(run, trainer));
    }

    private static async Task<TrainingResult> Train(RunFolder run, long updates, int every, string? checkpoints = null)
    {
        using var model = new ToyModel();
        var source = new ToySource();
        using var trainer = model.Trainer(
            s_quick with { CheckpointFolder = checkpoints ?? run.CheckpointFolder }, source, () => model.Evaluate(source));
        trainer.TryResume();
        using (TrainingLog.Follow(run, trainer, every))
            return await trainer.TrainAsync(updates, cancellation: TestContext.Current.CancellationToken);
    }
}
