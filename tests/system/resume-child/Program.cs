using System.Globalization;
using IntraDistill.ResumeChild;
using IntraDistill;
using IntraDistill.Tests;

if (args is ["run" or "wait", string store, string lines])
{
    await RunChild.Work(store, int.Parse(lines, CultureInfo.InvariantCulture), waits: args[0] == "wait");
    return;
}

// Trains the toy model with checkpoints in the folder given, from the newest of them if there is one. Says "step" for every
// batch, and at the end "done" and a hash of the last weights, the best weights and the validations.
var source = new ToySource();
var model = new ToyModel();
var settings = new TrainerSettings
{
    LearningRate = 1e-2,
    WarmupSteps = 20,
    MaxUpdates = 200,
    GradientAccumulation = 2,
    ClipNorm = 0.5,
    ValidateEvery = 15,
    CheckpointFolder = args[0],
    CheckpointEvery = 4,
};
using var trainer = new Trainer<ToyBatch>(model, settings, source, (batch, _) =>
{
    Console.WriteLine("step");
    // Long enough for the parent to hit the run where it means to.
    Thread.Sleep(2);
    return model.Loss(batch);
})
{
    Validate = () => model.Evaluate(source),
};
if (trainer.TryResume()) Console.WriteLine($"resumed {trainer.Result.Update} {trainer.ResumeWarning}");
var result = await trainer.TrainAsync();
string last = model.Hash();
string best = trainer.WithChosenWeights(model.Hash);
string validations = string.Join(' ', result.Validations.Select(point => $"{point.Update}:{point.Metric:R}"));
Console.WriteLine($"done {last} {best} {validations}");
